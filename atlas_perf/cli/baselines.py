"""Which baselines a run is judged by, and whether they count."""

from __future__ import annotations

from pathlib import Path

from atlas_perf.cli.request import RunRequest
from atlas_perf.errors import UsageError
from atlas_perf.judge.baselines.judging import BaselineJudge
from atlas_perf.judge.baselines.reading import read_baselines
from atlas_perf.loader import shipped_baselines
from atlas_perf.model.baseline import BaselineSet
from atlas_perf.model.plan import TestPlan

SHIPPED = "shipped"


def baselines_named(name: Path | None) -> BaselineSet:
    """The file of that name; the shipped one without a name, or for the word `shipped`.

    Raises:
        PlanError: naming file and row.
    """
    if name is None or str(name) == SHIPPED:
        return read_baselines(shipped_baselines(), shown=SHIPPED)
    return read_baselines(name)


def baselines_of(plan: TestPlan, request: RunRequest, *, shipped: bool) -> BaselineJudge | None:
    """What judges a plan's run; None where no row belongs to it.

    Raises:
        UsageError: a file that cannot be used, or that was asked for and has no row for the plan.
    """
    if request.no_baselines:
        if request.baselines is not None:
            raise UsageError("--baselines and --no-baselines exclude each other: leave one out")
        return None
    if request.baselines is None and not shipped:
        return None
    baselines = baselines_named(request.baselines)
    if not baselines.of_scenario(plan.name):
        if request.baselines is None or len(request.scenarios) > 1:
            return None
        raise UsageError(
            f"{baselines.file}: no baseline belongs to scenario {plan.name!r}: there are some for "
            f"{', '.join(baselines.scenarios)}"
        )
    changed = _changed_load(request) if request.baselines is None else None
    if changed is None:
        return BaselineJudge(baselines, plan)
    note = f"{changed} changes the load that they are stated for; --baselines shipped counts them"
    return BaselineJudge(baselines, plan, counted=False, note=note)


def _changed_load(request: RunRequest) -> str | None:
    """The first option that makes the load another one than the scenario's own."""
    given = {
        "--vus": request.vus,
        "--duration": request.duration_ns,
        "--iterations": request.iterations,
        "--rate": request.rate,
        "--profile" if "profile" in request.sources else "--stage": request.stages or None,
        "--duration-scale": None if request.duration_scale == 1.0 else request.duration_scale,
        "--vus-scale": None if request.vus_scale == 1.0 else request.vus_scale,
    }
    return next((option for option, value in given.items() if value is not None), None)
