"""The wire between a run and its viewers: run folders, control socket, client."""
