"""Dataset table and recipe to a saved model."""
