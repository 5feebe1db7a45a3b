"""atlas-perf beside other load generators, on one endpoint: `python -m benchmarks.peers`."""
