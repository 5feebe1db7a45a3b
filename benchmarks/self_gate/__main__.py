"""`python -m benchmarks.self_gate [--base REF] [--pairs K] [--margin %] [--record]`.

Builds a revision and the working tree, each in an environment of its own, runs both in turns
against the null server, and says by the rule of `compare` whether a request costs more. Ends as
`compare` does: 0, 1 for a regression, 3 if nothing could be compared.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from atlas_perf.errors import AtlasPerfError, ExitCode
from atlas_perf.judge.comparison.decision import LEAST_PAIRS
from atlas_perf.report.comparison import render_comparison
from atlas_perf.report.comparison_reports import comparison_junit, comparison_markdown
from benchmarks.self_gate.judging import judge, middle
from benchmarks.self_gate.pairs import BASE, CANDIDATE, SCENARIO, run_pairs
from benchmarks.self_gate.revisions import (
    GateFailed,
    Revision,
    built,
    last_release,
    revision,
    working_tree,
)

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / "build" / "self-gate"
HISTORY = CHECKOUT / "benchmarks" / "history"
WIDTH = 100


def main(arguments: list[str]) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.pairs < LEAST_PAIRS:
        parser.error(f"{options.pairs} pairs are too few: give {LEAST_PAIRS} or more")
    try:
        candidate = working_tree(CHECKOUT)
        if options.record and not candidate.committed:
            raise GateFailed("what is not committed cannot be recorded: commit it first")
        base = revision(CHECKOUT, options.base or last_release(CHECKOUT))
        return _gate(base, candidate, options)
    except (GateFailed, AtlasPerfError) as error:
        print(f"error: {error}", file=sys.stderr)
        return ExitCode.INVALID


def _gate(base: Revision, candidate: Revision, options: argparse.Namespace) -> int:
    pythons = {
        side: built(CHECKOUT, asked, FOLDER)
        for side, asked in ((BASE, base), (CANDIDATE, candidate))
    }
    bases, candidates = run_pairs(pythons, options.pairs, FOLDER / "runs")
    found = judge(bases, candidates, options.margin / 100)
    names = [[one.name for one in side] for side in (bases, candidates)]
    print(f"\n  base {base.named} ({base.commit[:12]}), candidate {candidate.named}", end="")
    print(f" ({candidate.commit[:12]}); results in {FOLDER / 'runs'}")
    print(render_comparison(found, *names, colour=False, width=WIDTH))
    (FOLDER / "runs" / "junit.xml").write_text(comparison_junit(found, SCENARIO.name))
    (FOLDER / "runs" / "summary.md").write_text(comparison_markdown(found, *names))
    if options.record:
        _record(middle(candidates), candidate)
    return found.exit_code


def _record(folder: Path, of: Revision) -> None:
    """Keep one run for the trend."""
    save = ["baseline", "save", str(folder), "--commit", of.commit, "--store", str(HISTORY)]
    subprocess.run([sys.executable, "-m", "atlas_perf", *save], check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.self_gate",
        description="Does a request cost the generator more than before?",
    )
    parser.add_argument("--base", metavar="REF", help="tag or commit (the last tag, or HEAD^)")
    parser.add_argument(
        "--pairs", type=int, default=5, metavar="K", help="runs of each, 3 or more (5)"
    )
    parser.add_argument("--margin", type=float, default=5, metavar="%%", help="may cost more (5)")
    parser.add_argument(
        "--record",
        action="store_true",
        help="keep a run of the candidate in benchmarks/history, which `atlas-perf trend` reads",
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
