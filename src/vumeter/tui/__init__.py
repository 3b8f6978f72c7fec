"""The cockpit, in Textual: sees frames and commands only."""
