"""Synthetic chest films, clearly labelled, for demonstration and tests."""
