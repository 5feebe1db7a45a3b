"""The run's numbers as OpenMetrics, for GitLab's metrics report (`artifacts:reports:metrics`).

GitLab shows how each number differs from the one on the target branch, matching them by name and
labels; so there is no time and no id in either. https://openmetrics.io is the format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from atlas_perf.model.metric import Contains, MetricKind
from atlas_perf.model.series import Selector
from atlas_perf.model.summary import CriterionState, MetricSummary, Summary
from atlas_perf.report.criterion_text import criteria_texts

_UNITS = {Contains.TIME: "_milliseconds", Contains.DATA: "_bytes", Contains.DEFAULT: ""}
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_SHOWN = {
    MetricKind.COUNTER: ("count", "rate"),
    MetricKind.GAUGE: ("value", "max"),
    MetricKind.RATE: ("rate",),
}

CRITERION_MET = "atlas_perf_criterion_met"


def open_metrics(summary: Summary) -> str:
    """The text of `metrics.txt`."""
    families: dict[str, list[str]] = {}
    for metric in summary.metrics.values():
        name = _family(metric)
        families.setdefault(name, []).extend(_samples(name, summary.name, metric))
    families[CRITERION_MET] = list(_criteria(summary))
    families.update(_generator(summary))
    return families_text(families)


def families_text(families: Mapping[str, Sequence[str]]) -> str:
    """The whole text, from the lines of each family."""
    lines: list[str] = []
    for name, samples in sorted(families.items()):
        if samples:
            lines += [f"# TYPE {name} gauge", *samples]
    return "\n".join([*lines, "# EOF", ""])


def _family(metric: MetricSummary) -> str:
    bare = Selector.parse(metric.name).metric
    return f"atlas_perf_{_NOT_IN_NAMES.sub('_', bare)}{_UNITS[metric.contains]}"


def _samples(family: str, scenario: str, metric: MetricSummary) -> Iterator[str]:
    tags = dict(Selector.parse(metric.name).tags)
    stats = _SHOWN.get(metric.kind, tuple(key for key in metric.values if key != "count"))
    for stat in stats:
        labels = {**tags, "scenario_file": scenario, "statistic": stat}
        yield sample_line(family, labels, metric.values[stat])


def _criteria(summary: Summary) -> Iterator[str]:
    for criterion in criteria_texts(summary):
        labels = {
            "scenario_file": summary.name,
            "selector": criterion.group,
            "criterion": criterion.name,
        }
        met = float(criterion.state is CriterionState.PASSED)
        yield sample_line(CRITERION_MET, labels, met)


def _generator(summary: Summary) -> Iterator[tuple[str, list[str]]]:
    """Its health, and what it began of the arrivals that were planned."""
    if not summary.workers:
        return
    workers = summary.workers
    figures = {
        "cpu_cores": sum(worker.cpu_share for worker in workers),
        "loop_lag_max_milliseconds": max(worker.loop_lag_max_ms for worker in workers),
        "own_lag_share": max(worker.own_lag_share for worker in workers),
        "cpu_wait_share": max(worker.cpu_wait_share for worker in workers),
        "throttled_share": max(worker.throttled_share for worker in workers),
        "gc_pause_max_milliseconds": max(worker.gc_pause_max_ms for worker in workers),
        "open_files": sum(worker.peak_open_files for worker in workers),
    }
    planned = sum(window.planned_arrivals for window in summary.windows)
    if planned:
        figures["arrivals_planned"] = planned
        figures["arrivals_started"] = sum(one.started_arrivals for one in summary.windows)
    for what, value in figures.items():
        name = f"atlas_perf_generator_{what}"
        yield name, [sample_line(name, {"scenario_file": summary.name}, value)]


def sample_line(name: str, labels: Mapping[str, str], value: float) -> str:
    """One number under its labels."""
    written = ",".join(
        f'{_NOT_IN_NAMES.sub("_", key)}="{_plain(text)}"' for key, text in sorted(labels.items())
    )
    return f"{name}{{{written}}} {value:.12g}"


def _plain(text: str) -> str:
    clean = text.encode(errors="backslashreplace").decode()
    return clean.replace("\r", " ").translate(_ESCAPES)
