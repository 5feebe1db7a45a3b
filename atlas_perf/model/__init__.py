"""What the parts of atlas-perf hand to each other: frozen values, without I/O."""
