"""One timed HTTP exchange; wire failures become `ErrorKind`s."""
