"""What is kept of a run: one SQLite file, written while it goes on, and readable ever after."""
