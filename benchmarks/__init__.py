"""What vumeter costs and how right it is, beside its peers: `python -m benchmarks --help`."""
