"""Predictions tables to scores tables; arrays and tables in, no networks."""
