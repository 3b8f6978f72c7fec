"""What watches the host and the database while load runs."""
