"""`python -m benchmarks.error_rates [--draws N] [--seed N] [--real MINUTES]`.

Simulates, compares, and writes the tables of docs/error-rates.md. With `--real` it adds real runs
to those of build/error-rates and leaves the simulated part as it is; an interrupted study goes on
where it was. `--render` only writes the tables of the stored result anew.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

from atlas_perf.errors import RunInvalidError
from benchmarks.error_rates.comparing import compared
from benchmarks.error_rates.page import PAGE, with_result
from benchmarks.error_rates.real_runs import Settings, StudyFailed, collect, rounds
from benchmarks.error_rates.result import Result, store, stored
from benchmarks.error_rates.simulating import simulate


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    began_s = time.monotonic()
    result = stored()
    try:
        if options.real is not None:
            result = _with_real_runs(result, options.real)
        elif not options.render:
            result = replace(result, simulated=simulate(options.seed, options.draws))
    except (StudyFailed, RunInvalidError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    store(result)
    PAGE.write_text(with_result(PAGE.read_text(), result))
    print(f"{PAGE.name} is written, after {time.monotonic() - began_s:.0f} s")
    return 0


def _with_real_runs(result: Result, minutes: float) -> Result:
    settings = Settings()
    try:
        collect(minutes, settings)
    except KeyboardInterrupt:
        print("interrupted: what is whole counts", file=sys.stderr)
    return replace(result, real=compared(list(rounds()), settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.error_rates",
        description="How often the comparison of runs is wrong, simulated and with real runs.",
    )
    parser.add_argument("--draws", type=int, default=1000, metavar="N", help="of each noise (1000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the simulation (1)")
    parser.add_argument(
        "--real",
        type=float,
        metavar="MINUTES",
        help="add real runs for so long, on a machine that does nothing else",
    )
    parser.add_argument("--render", action="store_true", help="write the page anew, run nothing")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
