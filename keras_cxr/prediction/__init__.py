"""Saved model and files to the predictions table."""
