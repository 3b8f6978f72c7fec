"""A profile: the TOML file that a person writes, and the plan that it means."""
