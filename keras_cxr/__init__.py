"""Chest X-ray classification with Keras: train, evaluate, predict and explain. For research, not for diagnosis."""

__version__ = "0.1.0"
