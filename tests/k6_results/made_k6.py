"""Files as k6 writes them, made by hand: the shapes of version 1.1, and of the newer summary."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from atlas_perf.judge.baselines.reading import read_baselines
from atlas_perf.model.baseline import BaselineSet

BEGIN_S = 1_795_000_000
KINDS = {
    "http_reqs": ("counter", "default"),
    "http_req_duration": ("trend", "time"),
    "http_req_failed": ("rate", "default"),
    "iterations": ("counter", "default"),
    "iteration_duration": ("trend", "time"),
    "dropped_iterations": ("counter", "default"),
    "vus": ("gauge", "default"),
    "vus_max": ("gauge", "default"),
    "checks": ("rate", "default"),
    "ai_latency": ("trend", "time"),
    "plain_latency": ("trend", "default"),
    "http_req_connecting": ("trend", "time"),
    "ws_connecting": ("trend", "time"),
}
REQUEST = {
    "expected_response": "true",
    "group": "",
    "method": "GET",
    "name": "list",
    "proto": "HTTP/1.1",
    "scenario": "default",
    "status": "200",
    "url": "list",
}


def date(second: float) -> str:
    whole, part = divmod(round((BEGIN_S + second) * 1e9), 10**9)
    text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{part:09d}Z"


def definition(name: str, submetrics: Sequence[str] = ()) -> str:
    kind, contains = KINDS[name]
    data = {"name": name, "type": kind, "contains": contains, "thresholds": []}
    data["submetrics"] = [{"name": one} for one in submetrics] or None
    return json.dumps({"type": "Metric", "data": data, "metric": name}, separators=(",", ":"))


def point(name: str, second: float, value: float, /, **tags: str) -> str:
    data = {"time": date(second), "value": value, "tags": tags}
    return json.dumps({"metric": name, "type": "Point", "data": data}, separators=(",", ":"))


def request(second: float, took_ms: float, *, failed: bool = False, **tags: str) -> list[str]:
    """The points of a request that was over at a second."""
    outcome = {"status": "500", "expected_response": "false"} if failed else {}
    tags = {**REQUEST, **outcome, **tags}
    return [
        point("http_reqs", second, 1, **tags),
        point("http_req_duration", second, took_ms, **tags),
        point("http_req_failed", second, int(failed), **tags),
    ]


def definitions(*but: str) -> list[str]:
    return [definition(name) for name in KINDS if name not in but]


def ndjson(path: Path, lines: Iterable[str]) -> Path:
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def run_of(seconds: int, per_s: int = 10, took_ms: float = 20.0, slower: float = 1.0) -> list[str]:
    """Lines of a steady run whose requests take from one to two times as long as the shortest."""
    lines = definitions()
    for number in range(seconds * per_s):
        at_s = (number + 1) / per_s
        took = took_ms * slower * (1 + (number * 37 % 101) / 100)
        lines += request(at_s, took)
        lines.append(point("iterations", at_s, 1, group="", scenario="default"))
        if number % per_s == 0:
            lines += [point(name, at_s, 4) for name in ("vus", "vus_max")]
    return lines


def trend(p95: float, count: int | None = 4000) -> dict[str, float]:
    values = {"avg": 20.0, "min": 1.0, "med": 18.0, "max": 90.0, "p(90)": 30.0, "p(95)": p95}
    return values if count is None else {**values, "count": count}


def handle_summary(p95: float = 40.0, *, failed: int = 0, count: int | None = 4000) -> dict:
    """What `handleSummary` is given: `ok` is true where a threshold was met."""
    metrics = {
        "http_reqs": ("counter", "default", {"count": 4000 + failed, "rate": 66.7}),
        "http_req_failed": (
            "rate",
            "default",
            {"rate": failed / (4000 + failed), "passes": failed, "fails": 4000},
        ),
        "http_req_duration": ("trend", "time", trend(p95 / 2, count)),
        "http_req_duration{expected_response:true}": ("trend", "time", trend(p95, count)),
        "ai_latency": ("trend", "time", trend(p95 * 10, count)),
        "iterations": ("counter", "default", {"count": 4000, "rate": 66.7}),
        "vus_max": ("gauge", "default", {"value": 4, "min": 4, "max": 4}),
    }
    plain = {
        name: {"type": kind, "contains": contains, "values": values}
        for name, (kind, contains, values) in metrics.items()
    }
    plain["http_req_duration"]["thresholds"] = {"p(95)<500": {"ok": True}}
    return {
        "metrics": plain,
        "root_group": {},
        "options": {},
        "state": {"testRunDurationMs": 60_000.0, "isStdOutTTY": False},
    }


def summary_export(p95: float = 40.0, **changes: object) -> dict:
    """The older shape: flat, and `true` is a threshold that was crossed."""
    metrics = {}
    for name, one in handle_summary(p95, **changes)["metrics"].items():
        values = dict(one["values"])
        if "passes" in values:
            values["value"] = values.pop("rate")
        crossed = {text: not told["ok"] for text, told in one.get("thresholds", {}).items()}
        metrics[name] = {**values, **({"thresholds": crossed} if crossed else {})}
    return {"metrics": metrics, "root_group": {}}


def machine_readable(p95: float = 40.0, **changes: object) -> dict:
    """The newer shape: a list, few statistics, no counts of trends, no thresholds."""
    listed = []
    for name, one in handle_summary(p95, **changes)["metrics"].items():
        values = dict(one["values"])
        if "passes" in values:
            matches, total = values["passes"], values["passes"] + values["fails"]
            values = {"rate": values["rate"], "matches": matches, "total": total}
        elif "rate" in values or one["type"] == "trend":
            values.pop("rate", None)
            if one["type"] == "trend":
                values.pop("count", None)
        listed.append({"name": name, **{**one, "values": values}})
        listed[-1].pop("thresholds", None)
    return {
        "version": "1.0.0",
        "metadata": {"generatedAt": "2026-11-23T14:00:00Z", "k6Version": "2.2.0"},
        "config": {"duration": 60.0, "execution": "local", "script": "export default 1"},
        "results": {"metrics": listed, "checks": {"metrics": [], "results": []}},
    }


def rows(*rows: tuple[str, str, str, str], scenario: str = "run", minimum: int = 20) -> str:
    """A baseline file of (metric, expression, unit, phase)."""
    text = "version = 1\n"
    for number, (metric, expression, unit, phase) in enumerate(rows):
        aggregation, limit = expression.split(" ", 1)
        text += (
            f'[[baseline]]\ncomponent = "API"\nname = "row {number}"\nscenario = "{scenario}"\n'
            f'metric = "{metric}"\naggregation = "{aggregation}"\nlimit = "{limit}"\n'
            f'unit = "{unit}"\nminimum_samples = {minimum}\n'
        )
        text += f'phase = "{phase}"\n' if phase else ""
    return text


def baselines(folder: Path, *given: tuple[str, str, str, str], minimum: int = 20) -> BaselineSet:
    file = folder / "rows.toml"
    file.write_text(rows(*given, minimum=minimum))
    return read_baselines(file)
