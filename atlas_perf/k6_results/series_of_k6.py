"""k6's names and tags as atlas-perf's: what is the same, what is left out, what has to be said.

docs/k6.md has the table of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from atlas_perf.model.metric import BUILTIN_METRICS, HTTP_TIMES, OUTCOME_TRENDS, Metric
from atlas_perf.model.series import Tags, tags_of
from atlas_perf.protocols.http.folding import folded

UNMEASURED_GROUPS = frozenset({"::setup", "::teardown"})
"""k6 counts what setup and teardown do; here they are outside of what is measured."""

CLOCKED = frozenset({"vus", "vus_max"})
"""Samples that k6 takes once a second, whether there is load or not."""

ZERO_IS_NONE = frozenset({"http_req_connecting", "http_req_tls_handshaking"})
"""k6 has a zero of these for each request on a connection that was there: nothing was done."""

_LEFT_OUT = frozenset({"url", "error"})
"""Tags with a value for each request, or each connection: `name` and `error_code` say the same."""

_UPGRADED = "101"


def is_measured(tags: Mapping[str, str]) -> bool:
    group = tags.get("group", "")
    return not any(group == one or group.startswith(one + "::") for one in UNMEASURED_GROUPS)


def known_otherwise(metric: Metric) -> str | None:
    """A clause if a script has given a name to something else than atlas-perf has."""
    own = BUILTIN_METRICS.get(metric.name)
    if own is None or (own.kind, own.contains) == (metric.kind, metric.contains):
        return None
    return (
        f"{metric.name} is a {metric.kind.value} of {_what(metric)} in k6 and a {own.kind.value} "
        f"of {_what(own)} in atlas-perf: it is left out; give it another name"
    )


def own_metric(metric: Metric) -> Metric:
    """The metric as atlas-perf has it: gauges of users add up over workers."""
    return BUILTIN_METRICS.get(metric.name, metric)


def own_tags(metric: str, written: Mapping[str, str]) -> Tags:
    """Tags as a request of atlas-perf has them."""
    tags = {key: value for key, value in written.items() if value and key not in _LEFT_OUT}
    name = tags.get("name", "")
    if name.startswith(("http://", "https://")) and name == written.get("url", name):
        tags["name"] = folded(name)
    if metric in OUTCOME_TRENDS and metric not in HTTP_TIMES:
        upgraded = tags.get("status", _UPGRADED) == _UPGRADED
        tags.setdefault("expected_response", "true" if upgraded else "false")
    return tags_of(tags)


def origin_of(tags: Tags) -> str:
    """Where a request without a name of its own went: http://host:port; else nothing."""
    name = dict(tags).get("name", "")
    if not name.startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(name)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _what(metric: Metric) -> str:
    return {"time": "times", "data": "bytes"}.get(metric.contains.value, "plain numbers")
