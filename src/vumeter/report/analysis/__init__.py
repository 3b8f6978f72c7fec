"""What a run's course says of it: drift, where its limits are, and what went together with what."""
