"""Pure: legs, shares and pacers; iteration number → due time."""
