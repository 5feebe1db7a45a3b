"""`python -m atlas_perf` is `atlas-perf`."""

from __future__ import annotations

from atlas_perf.cli.main import main

if __name__ == "__main__":
    main()
