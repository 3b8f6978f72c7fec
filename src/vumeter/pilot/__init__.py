"""Pure: those who drive a run by themselves, the capacity finder and the cruise control."""
