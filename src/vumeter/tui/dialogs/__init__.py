"""What opens in the place of the key line: prompts and questions. The charts stay in sight."""
