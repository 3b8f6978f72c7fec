"""Runs beside each other: what differs, whether it is real, and whether it is allowed."""
