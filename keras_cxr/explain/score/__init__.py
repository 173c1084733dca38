"""Heatmaps held to account: ``explain --score``."""
