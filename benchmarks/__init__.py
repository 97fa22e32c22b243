"""What the claims about speed rest on: `make bench`, or `python -m benchmarks`."""
