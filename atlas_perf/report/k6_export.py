"""k6's `--summary-export` shape, for dashboards and CI widgets that read it.

Its booleans are inverted: under `thresholds`, true means crossed, that is failed. A threshold
without samples is true as well, since it is no pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from atlas_perf.model.metric import MetricKind
from atlas_perf.model.series import Selector
from atlas_perf.model.summary import CheckResult, CriterionState, MetricSummary, Summary

_SEPARATOR = "::"


def k6_summary_export(summary: Summary) -> dict[str, Any]:
    """The run as k6 would export it: `{"root_group": …, "metrics": …}`."""
    metrics = {name: _metric(metric) for name, metric in sorted(summary.metrics.items())}
    for result in summary.thresholds:
        name = str(Selector.parse(result.selector))
        thresholds = metrics.setdefault(name, {}).setdefault("thresholds", {})
        thresholds[result.expression] = result.state is not CriterionState.PASSED
    return {"root_group": _root_group(summary.checks), "metrics": metrics}


def _metric(metric: MetricSummary) -> dict[str, Any]:
    values: Mapping[str, float] = metric.values
    if metric.kind is MetricKind.RATE:
        return {
            "value": values["rate"],
            "passes": int(values["passes"]),
            "fails": int(values["fails"]),
        }
    if metric.kind is MetricKind.TREND:
        return {stat: value for stat, value in values.items() if stat != "count"}
    return dict(values)


def _root_group(checks: tuple[CheckResult, ...]) -> dict[str, Any]:
    root = _group("", "")
    for check in checks:
        group = root
        for name in filter(None, check.group.split(_SEPARATOR)):
            path = group["path"] + _SEPARATOR + name
            group = group["groups"].setdefault(name, _group(name, path))
        path = group["path"] + _SEPARATOR + check.name
        # One check in several scenarios is one check to k6.
        entry = group["checks"].setdefault(
            check.name,
            {"name": check.name, "path": path, "id": _id(path), "passes": 0, "fails": 0},
        )
        entry["passes"] += check.passes
        entry["fails"] += check.fails
    return root


def _group(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "path": path, "id": _id(path), "groups": {}, "checks": {}}


def _id(path: str) -> str:
    """k6 identifies groups and checks by the MD5 of their path; nothing is secured by it."""
    return hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()
