"""Fuzz the HTTP client under the address and undefined-behaviour sanitizers.

    python -m benchmarks.fuzz_client --executions 10000000

Builds the compiled parts once more in build/sanitized, with the C compiler at hand ($CC or cc), and
ends with exit code 0 if every execution was clean. What broke is told with the bytes that the
server sent. `--plain` takes the extensions as they are, about four times as fast.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fuzz_client import run, sanitized

HUNG_AFTER_S = 60  # plus what so many executions may take


def main(arguments: Sequence[str] | None = None) -> int:
    """Build and fuzz."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fuzz_client", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--executions", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="without sanitizers")
    parser.add_argument("--build", type=Path, default=sanitized.CHECKOUT / "build" / "sanitized")
    options = parser.parse_args(arguments)
    if options.plain:
        return run.main(options.executions, options.seed)
    try:
        environment = sanitized.environment()
        sanitized.build(options.build)
    except sanitized.NoSanitizersError as error:
        print(f"{error}: use --plain to fuzz without sanitizers", file=sys.stderr)
        return 2
    command = [sys.executable, "-X", "faulthandler", "-m", "benchmarks.fuzz_client.run"]
    finished = subprocess.run(
        [*command, str(options.executions), str(options.seed)],
        cwd=options.build,
        env=environment,
        check=False,
    )
    return 1 if finished.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
