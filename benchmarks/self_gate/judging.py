"""The verdict on two builds of the generator, by the rule of `compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atlas_perf.judge.comparison.compare import compare
from atlas_perf.judge.comparison.likeness import made_with
from atlas_perf.model.comparison import Comparison, Quantity, Terms
from atlas_perf.report.run_files import RunFiles, read_run
from benchmarks.self_gate.cost import OF_A_REQUEST, workers_cpu_s
from benchmarks.self_gate.revisions import GateFailed

UNDER_TEST = "atlas-perf version"
FLOOR = "http_req_duration{method:GET,name:one,scenario:few}"
PRIMARY = (Quantity(OF_A_REQUEST, "p(95)"), Quantity(FLOOR, "p(95)"))


def judge(bases: Sequence[Path], candidates: Sequence[Path], margin: float) -> Comparison:
    """Compare results folders with the costs in them.

    Raises:
        GateFailed: they differ in more than the build.
    """
    read = [read_run(folder) for folder in (*bases, *candidates)]
    _refuse_unlike(read)
    sketches = [one.sketches for one in read]
    terms = Terms(margin=margin, primary=PRIMARY)
    return compare(sketches[: len(bases)], sketches[len(bases) :], terms)


def middle(candidates: Sequence[Path]) -> Path:
    """Of the candidate's runs, the one whose requests cost what half of the others exceed."""
    read = sorted((read_run(folder) for folder in candidates), key=_cost)
    return read[len(read) // 2].path


def _cost(run: RunFiles) -> float:
    return workers_cpu_s(run.summary) / run.summary.metrics["http_reqs"].values["count"]


def _refuse_unlike(runs: Sequence[RunFiles]) -> None:
    """All but the version, which is what is compared, and the plan, which follows from the file."""
    first, *others = ({**made_with(run.summary), UNDER_TEST: ""} for run in runs)
    for other in others:
        differences = [name for name in first if first[name] != other[name]]
        if differences:
            raise GateFailed(
                f"the builds were run with different {', '.join(differences)}: delete their "
                "folders under build/self-gate, so that both are built anew"
            )
