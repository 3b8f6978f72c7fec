"""A run's readings in formats that other programs read. docs/export.md describes each."""
