"""Predictions: how many instances a load takes, when that is too few, and what it costs."""
