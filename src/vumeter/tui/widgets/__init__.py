"""The cockpit's widgets: one a file, each drawn line by line from what it is shown."""
