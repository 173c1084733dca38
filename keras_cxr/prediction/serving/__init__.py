"""A saved network's logits by the fastest runtime that says what Keras says."""
