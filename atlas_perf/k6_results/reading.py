"""Any of k6's files as a run, told by its content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atlas_perf.k6_results.ndjson_run import read_ndjson_run
from atlas_perf.k6_results.opening import K6Kind, kind_of
from atlas_perf.k6_results.run import K6Run
from atlas_perf.k6_results.steady import Steady
from atlas_perf.k6_results.summary_run import read_summary_run
from atlas_perf.model.baseline import BaselineSet


def read_k6_run(
    path: Path,
    *,
    name: str = "",
    baselines: BaselineSet | None = None,
    steady: Steady | None = None,
    asked: Sequence[str] = (),
) -> K6Run | None:
    """The run that a file of k6 is of; None for a record of atlas-perf itself.

    Args:
        name: of the scenario whose baselines it is judged by; "": as the file is called.
        asked: selectors to keep for a comparison.

    Raises:
        K6FileError: it cannot be read.
        UsageError: the steady phase is not in it.
    """
    kind = kind_of(path)
    if kind is None:
        return None
    called = name or path.name.partition(".")[0]
    if kind is K6Kind.NDJSON:
        return read_ndjson_run(path, name=called, baselines=baselines, steady=steady, asked=asked)
    return read_summary_run(path, kind, name=called, baselines=baselines, steady=steady)
