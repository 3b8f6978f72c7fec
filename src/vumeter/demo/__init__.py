"""The demo shop: a small real service with a database, with real bottlenecks."""
