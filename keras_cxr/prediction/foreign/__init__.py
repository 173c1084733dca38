"""Predictions that another program wrote: its CSV to the predictions table and to scores."""
