"""Each JSON that we print or write, against its schema: as real commands give it, and no more."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError
from sample_summary import sample_summary
from schema_fields import schema_of
from strict_schemas import SCHEMAS, schema, validate

from atlas_perf.cli.main import execute
from atlas_perf.model.analysis import Analysis
from atlas_perf.model.capacity import (
    Bounds,
    CapacityResult,
    CapacityStep,
    CapacityWord,
    LoadModel,
    StepOutcome,
)
from atlas_perf.model.comparison import Comparison
from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.capacity import capacity_to_json
from atlas_perf.report.results_folder import ResultsFolder
from atlas_perf.report.summary_json import summary_to_json
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.wire.run_sketches_codec import encode_run_sketches

ROWS = """
version = 1

[[baseline]]
component = "API"
name = "p95 latency"
scenario = ["api", "other"]
metric = "http_req_duration"
aggregation = "p(95)"
limit = "< 500"
unit = "ms"
phase = "steady"
minimum_samples = 100
"""
K6 = {
    "state": {"testRunDurationMs": 1000},
    "metrics": {
        "http_req_duration": {
            "type": "trend",
            "contains": "time",
            "values": {"p(95)": 600, "count": 200},
            "thresholds": {"p(95)<500": {"ok": False}},
        }
    },
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("rows.toml").write_text(ROWS)
    return tmp_path


def put(name: str, verdict: Verdict, scale: float = 1.0) -> str:
    """A results folder."""
    folder = Path(name)
    folder.mkdir()
    summary = replace(sample_summary(), verdict=verdict, exit_code=verdict.exit_code)
    (folder / "summary.json").write_text(summary_to_json(summary))
    windows = []
    for window in range(6):
        sketch = Sketch()
        for number in range(200):
            sketch.add((20 + number / 10 + window) * 1e6 * scale)
        windows.append(sketch.to_bytes())
    kept = RunSketches(
        "steady",
        (20,) * 6,
        tuple(
            KeptTrend(one, Contains.TIME, 0, tuple(windows))
            for one in ("http_req_duration", "http_req_waiting")
        ),
        (KeptRate("http_req_failed", ((0, 200),) * 6), KeptRate("errors", ((5, 200),) * 6)),
    )
    (folder / "sketches.msgpack").write_bytes(encode_run_sketches(kept))
    return name


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> object:
    execute(words)
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("file", sorted(SCHEMAS.glob("*.json")), ids=lambda one: one.name)
def test_a_schema_is_one(file: Path) -> None:
    Draft202012Validator.check_schema(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "name",
    ["analysis", "capacity", "code-quality", "comparison", "inspection", "load-performance"],
)
def test_a_schema_says_what_every_field_is(name: str) -> None:
    assert list(undescribed(schema(name), "$")) == []


def undescribed(plain, place):
    if isinstance(plain, dict):
        for name, one in plain.get("properties", {}).items():
            if isinstance(one, dict) and not {"$ref", "description", "anyOf"} & one.keys():
                yield f"{place}.{name}"
        for key, one in plain.items():
            yield from undescribed(one, f"{place}.{key}")
    elif isinstance(plain, list):
        for one in plain:
            yield from undescribed(one, place)


def test_what_analyze_prints_and_writes(capsys) -> None:
    put("run", Verdict.FAIL)
    Path("other.json").write_text(json.dumps(K6))
    Path("torn.json").write_text("{")
    options = ("--baselines", "rows.toml", "--json", "--reports", "reports")
    document = printed(capsys, "analyze", "run", "other.json", "torn.json", *options)
    validate("analysis", document)
    assert document["exit_code"] == 3
    assert document["runs"][1]["thresholds"][0]["state"] == "failed"
    assert json.loads(Path("reports/analysis.json").read_text()) == document
    found = json.loads(Path("reports/gl-code-quality-report.json").read_text())
    validate("code-quality", found)
    assert found


def test_what_compare_prints_and_writes(capsys) -> None:
    for number in range(3):
        put(f"b{number}", Verdict.PASS, 1 + number / 100)
        put(f"c{number}", Verdict.PASS, 1.3)
    pairs = ("b0", "b1", "b2", "-c", "c0", "-c", "c1", "-c", "c2")
    for words in (("b0", "c0"), pairs, (*pairs, "--primary", "http_req_duration p(99.99)")):
        document = printed(capsys, "compare", *words, "--json", "--reports", "reports")
        validate("comparison", document)
        assert json.loads(Path("reports/comparison.json").read_text()) == document
        validate(
            "code-quality", json.loads(Path("reports/gl-code-quality-report.json").read_text())
        )


ARRIVALS = """
from atlas_perf import Options, VirtualUser

options: Options = {
    "scenarios": {
        "steady": {"executor": "constant-arrival-rate", "rate": 5, "duration": "5s",
                   "preAllocatedVUs": 2, "tags": {"a": "b"}, "warmUp": "1s"},
        "ramp": {"executor": "ramping-arrival-rate", "preAllocatedVUs": 2,
                 "stages": [{"duration": "5s", "target": 9}]},
        "shared": {"executor": "shared-iterations", "vus": 2, "iterations": 9},
        "users": {"executor": "ramping-vus", "stages": [{"duration": "5s", "target": 9}]},
    },
    "thresholds": {"checks": [{"threshold": "rate>0.9", "abortOnFail": True}]},
}


async def default(vu: VirtualUser) -> None:
    await vu.sleep(1)
"""


def test_what_inspect_prints(capsys) -> None:
    Path("mine.py").write_text(ARRIVALS)
    url = "http://127.0.0.1:1"
    for words in (
        ("api",),
        ("smoke", "api", "--environment", "embedded", "--vus-scale", "0.5", "--calibrate"),
        ("mine.py", "-e", f"BASE_URL={url}", "-e", "API_TOKEN=secret", "--seed", "4"),
    ):
        validate("inspection", printed(capsys, "inspect", *words, "--json"))


def test_what_a_run_leaves_for_others(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path)
    folder.write(sample_summary(), RunSketches("", (1,)))
    for name, file in (
        ("summary", "summary.json"),
        ("load-performance", "load-performance.json"),
        ("code-quality", "gl-code-quality-report.json"),
    ):
        validate(name, json.loads((tmp_path / file).read_text()))


def capacity(word: CapacityWord | None) -> CapacityResult:
    summary = sample_summary()
    broken = word is None
    step = CapacityStep(
        level=100,
        outcome=StepOutcome.UNPROVEN if broken else StepOutcome.MET,
        achieved_per_s=99.5,
        p95_ms=None if broken else 12.5,
        failed_share=None if broken else 0.0,
        criteria=summary.thresholds,
        reasons=("The generator was late.",) if broken else (),
    )
    return CapacityResult(
        name="api",
        file="api.py",
        file_sha256="0" * 64,
        started_at=summary.started_at,
        facts=summary.facts,
        model=LoadModel.RATE,
        slo=("http_req_duration: p(95)<300",),
        first=50,
        last=2000,
        warm_up_s=5.0,
        hold_s=20.0,
        repeats=2,
        precision=0.05,
        word=word,
        bounds=Bounds(None if broken else 100, 200),
        sentences=("Between 100/s and 200/s.",),
        steps=(step,),
    )


@pytest.mark.parametrize("word", [*CapacityWord, None])
def test_what_a_search_for_the_capacity_leaves(word) -> None:
    validate("capacity", json.loads(capacity_to_json(capacity(word))))


@pytest.mark.parametrize(
    ("kind", "name", "besides"),
    [
        (Analysis, "analysis", {"schema_version"}),
        (Comparison, "comparison", {"schema_version", "bases", "candidates"}),
        (CapacityResult, "capacity", {"schema_version", "exit_code"}),
    ],
)
def test_a_schema_has_the_fields_of_its_type_and_no_other(kind, name: str, besides: set) -> None:
    whole = schema(name)
    own = {**whole, "properties": dict(whole["properties"])}
    for key in besides:
        del own["properties"][key]
    own["required"] = [key for key in own["required"] if key not in besides]
    schema_of(kind, own, whole)
    assert besides <= set(whole["required"])
    assert {field.name for field in dataclasses.fields(kind)}.isdisjoint(besides)


def test_definitions_that_schemas_share_are_the_same() -> None:
    summary = schema("summary")["$defs"]
    for name in ("analysis", "capacity"):
        for shared in ("threshold", "baselineResult", "facts"):
            if shared in schema(name)["$defs"]:
                assert schema(name)["$defs"][shared] == summary[shared], (name, shared)


def test_an_unknown_field_is_a_mistake_of_the_writer() -> None:
    document = json.loads(capacity_to_json(capacity(None)))
    document["bounds"]["weather"] = "fine"
    with pytest.raises(ValidationError, match="'weather' was unexpected"):
        validate("capacity", document)
