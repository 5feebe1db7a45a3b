"""`--log-format json`: what is said on stderr as one JSON object a line.

docs/schemas/log.schema.json says what is in it; fields may be added, and none changes its meaning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from itertools import zip_longest

from atlas_perf.model.progress import Progress
from atlas_perf.model.summary import Summary
from atlas_perf.report.progress_text import health_word

LOG_FORMAT_VARIABLE = "ATLAS_PERF_LOG_FORMAT"
_OPTION = "--log-format"


class Level(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_PREFIXES = {"warning: ": Level.WARNING, "error: ": Level.ERROR, "atlas-perf: ": Level.ERROR}


def asks_for_json(arguments: Sequence[str], variables: Mapping[str, str]) -> bool:
    """What a command line says of the format, whether or not the rest of it can be understood."""
    asked = variables.get(LOG_FORMAT_VARIABLE, "")
    for argument, following in zip_longest(arguments, arguments[1:]):
        if argument == _OPTION:
            asked = following or ""
        elif argument.startswith(f"{_OPTION}="):
            asked = argument.removeprefix(f"{_OPTION}=")
    return asked == "json"


def json_line(event: str, level: Level, fields: Mapping[str, object]) -> str:
    """One line: when, how grave, what, and the fields of that."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "level": level, "event": event, **fields})


def message_line(text: str) -> str:
    """A sentence that is written as text elsewhere, without the word that says how grave it is."""
    for prefix, level in _PREFIXES.items():
        if text.startswith(prefix):
            return json_line("message", level, {"message": text.removeprefix(prefix)})
    return json_line("message", Level.INFO, {"message": text})


def progress_fields(progress: Progress) -> dict[str, object]:
    """A reading; rates, latencies and the generator's health are of its newest whole second."""
    health = progress.health
    return {
        "phase": progress.phase.value,
        "load_phases": list(progress.load_phases),
        "elapsed_s": round(progress.elapsed_s, 3),
        "planned_s": progress.planned_s,
        "left_s": round(progress.left_s, 3),
        "vus": progress.vus,
        "vus_max": progress.vus_max,
        "iterations": progress.iterations,
        "iterations_planned_per_s": progress.planned_per_s,
        "iterations_started_per_s": (
            None if progress.planned_per_s is None else progress.started_per_s
        ),
        "iterations_dropped": progress.dropped,
        "iterations_interrupted": progress.interrupted,
        "requests": progress.requests,
        "requests_per_s": progress.requests_per_s,
        "requests_failed": progress.failed_requests,
        "p95_ms": progress.p95_ms,
        "response_p95_ms": progress.response_p95_ms,
        **asdict(progress.exchanges),
        "checks_failed": progress.checks_failed,
        "workers": progress.workers,
        "workers_alive": progress.workers_alive,
        "generator": health_word(health)[0],
        "loop_lag_ms": health.loop_lag_ms,
        "loop_cpu_share": health.loop_cpu_share,
        "cpu_wait_share": health.cpu_wait_share,
        "throttled_share": health.throttled_share,
        "start_lag_p99_ms": health.start_lag_p99_ms,
    }


def verdict_fields(summary: Summary, results: str) -> dict[str, object]:
    """How a run ended, and the folder that its results are in."""
    return {
        "run": summary.name,
        "verdict": summary.verdict.value,
        "exit_code": int(summary.exit_code),
        "reasons": list(summary.reasons),
        "results": results,
    }
