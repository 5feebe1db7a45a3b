"""Results folders and kept runs of runs that never were, on days that follow one another."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from atlas_perf.errors import ExitCode
from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.model.summary import Facts, Summary, Window
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.run_files import RunFiles
from atlas_perf.report.summary_json import summary_to_json
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.wire.run_sketches_codec import encode_run_sketches

FIRST_DAY = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
FACTS = Facts("0.1.0", "3.11.7", "0.23.0", "Linux", "a CPU", 2, "", "staging")
WINDOWS = 2


@cache
def _latencies(window: int) -> tuple[float, ...]:
    random = Random(window)
    return tuple(2e7 * math.exp(random.gauss(0, 0.5)) for _ in range(250))


def sketches(
    scale: float = 1.0, failed: int = 0, *, trend: str = "http_req_duration"
) -> RunSketches:
    """A p95 of about 48 ms times `scale`; `failed` of the 250 requests of each window."""
    windows = []
    for window in range(WINDOWS):
        sketch = Sketch()
        sketch.add_many(array("d", [scale * value for value in _latencies(window)]))
        windows.append(sketch.to_bytes())
    return RunSketches(
        "steady",
        (20,) * WINDOWS,
        (KeptTrend(trend, Contains.TIME, 0, tuple(windows)),),
        (KeptRate("http_req_failed", ((failed, 250),) * WINDOWS),),
    )


def summary(day: float = 0.0, **changes: Any) -> Summary:
    """A run that passed, begun so many days after the first."""
    plain: dict[str, Any] = {
        "name": "api",
        "file": "api.py",
        "file_sha256": "0" * 64,
        "started_at": (FIRST_DAY + timedelta(days=day)).isoformat().replace("+00:00", "Z"),
        "measured_s": 40.0,
        "verdict": Verdict.PASS,
        "reasons": ("The one criterion was met.",),
        "facts": FACTS,
        "plan": {"processes": 2, "scenarios": [{"name": "default", "vus": 5}]},
        **changes,
    }
    plain.setdefault("exit_code", plain["verdict"].exit_code)
    if "facts" in changes and isinstance(changes["facts"], dict):
        plain["facts"] = replace(FACTS, **changes["facts"])
    return Summary(**plain)


def run(day: float = 0.0, scale: float = 1.0, failed: int = 0, **changes: Any) -> RunFiles:
    return RunFiles(Path(f"results/{day:g}"), summary(day, **changes), sketches(scale, failed))


def write(folder: Path, files: RunFiles) -> Path:
    """The results folder of a run."""
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(summary_to_json(files.summary), encoding="utf-8")
    (folder / "sketches.msgpack").write_bytes(encode_run_sketches(files.sketches))
    return folder


def window(second: int, **changes: Any) -> Window:
    base = Window(second, 5.0, 10, 1, 9, 0, 0, 1e3, 1e2, 1.0, 2.0, 3.0, 1.5, 0.5, length_s=1)
    return replace(base, **changes)


def interrupted() -> dict[str, Any]:
    return {"verdict": Verdict.FAIL, "exit_code": ExitCode.INTERRUPTED}
