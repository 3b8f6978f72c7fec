"""vumeter: a terminal cockpit for load testing."""

__version__ = "0.1.0"
