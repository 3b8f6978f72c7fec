"""VUs, the worker process, and the launcher that owns the workers."""
