"""The same load by k6 and by atlas-perf, and what both their records come to in one gate."""
