"""`python -m benchmarks.sensitivity [--only TEXT] [--at-once N] [--list]`.

Runs the matrix, says of each case whether it came out as stated, and writes docs/sensitivity.md.
Ends with 1 if one did not, or if a criterion has no case. With `--only`, the cases whose name or
fault holds the text, and their controls; the page is left alone then.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.sensitivity.case import Case, with_controls
from benchmarks.sensitivity.judging import complaints, untried
from benchmarks.sensitivity.matrix import CASES
from benchmarks.sensitivity.outcome import Outcome
from benchmarks.sensitivity.running import CaseFailed, run_case
from benchmarks.sensitivity.table import loads, placed_in, tables

PAGE = Path(__file__).parents[2] / "docs" / "sensitivity.md"


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    chosen = [case for case in CASES if options.only in f"{case} {' '.join(case.faults)}"]
    cases = with_controls(chosen)
    if options.list:
        print("\n".join(str(case) for case in cases))
        return 0
    began_s = time.monotonic()
    outcomes, wrong = run_all(cases, options.at_once)
    if not options.only:
        wrong += untried(outcomes)
        if not wrong:
            PAGE.write_text(placed_in(PAGE.read_text(), page_text(outcomes)))
    print(tables(outcomes))
    print(f"\n{len(cases)} runs in {time.monotonic() - began_s:.0f} s")
    for line in wrong:
        print(f"✗ {line}")
    return 1 if wrong else 0


def run_all(cases: Sequence[Case], at_once: int) -> tuple[dict[Case, Outcome], list[str]]:
    """The outcomes of those that gave one, and what was not as stated."""
    outcomes: dict[Case, Outcome] = {}
    wrong: list[str] = []
    with ThreadPoolExecutor(at_once) as pool:
        for case, result in zip(cases, pool.map(tried, cases), strict=True):
            if isinstance(result, Outcome):
                outcomes[case] = result
                found = complaints(case, result)
            else:
                found = [str(result)]
            print(f"{'✗' if found else '✓'} {case}", file=sys.stderr)
            wrong += [f"{case}: {complaint}" for complaint in found]
    return outcomes, wrong


def tried(case: Case) -> Outcome | CaseFailed:
    """Run it. An INVALID run proves nothing, as on a busy machine, and is run once more."""
    try:
        outcome = run_case(case)
        return run_case(case) if outcome.verdict == "INVALID" else outcome
    except CaseFailed as reason:
        return reason


def page_text(outcomes: dict[Case, Outcome]) -> str:
    return f"```console\n{loads(outcomes)}\n```\n\n{tables(outcomes)}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sensitivity",
        description="Break each criterion of the gate by a fault, and nothing else.",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name holds TEXT")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="runs at a time")
    parser.add_argument("--list", action="store_true", help="name the cases, run nothing")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
