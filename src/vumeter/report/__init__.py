"""A summary as people and programs read it."""
