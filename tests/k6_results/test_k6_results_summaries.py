"""k6's three summaries: one meaning, opposite booleans, and what none of them holds."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path

import pytest
from made_k6 import baselines, handle_summary, machine_readable, summary_export

from atlas_perf.k6_results.opening import K6Kind, kind_of
from atlas_perf.k6_results.reading import read_k6_run
from atlas_perf.k6_results.steady import WHOLE, Steady
from atlas_perf.model.metric import Contains
from atlas_perf.model.summary import CriterionState
from atlas_perf.model.verdict import Verdict

SHAPES = {
    K6Kind.SUMMARY_EXPORT: summary_export,
    K6Kind.HANDLE_SUMMARY: handle_summary,
    K6Kind.MACHINE_READABLE: machine_readable,
}
WITH_THRESHOLDS = (K6Kind.SUMMARY_EXPORT, K6Kind.HANDLE_SUMMARY)


def read(folder: Path, plain: dict, *rows, steady=None, minimum=20):
    path = folder / "k6.json"
    path.write_text(json.dumps(plain))
    wanted = baselines(folder, *rows, minimum=minimum) if rows else None
    return read_k6_run(path, name="run", baselines=wanted, steady=steady)


def row_of(*given, **options):
    (row,) = read(*given, **options).summary.baselines.rows
    return row


@pytest.mark.parametrize("kind", SHAPES)
def test_a_shape_is_told_by_its_content(tmp_path: Path, kind: K6Kind) -> None:
    run = read(tmp_path, SHAPES[kind]())
    assert (kind_of(run.path), run.kind) == (kind, kind)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize(
    ("row", "value"),
    [
        (("http_req_duration", "p(95) < 500", "ms", ""), 40.0),
        (("http_req_duration{expected_response:true}", "med < 500", "ms", ""), 18.0),
        (("http_req_duration", "p(50) < 500", "ms", ""), 18.0),
        (("http_req_duration", "p(100) < 500", "ms", ""), 90.0),
        (("http_req_failed", "rate < 0.5", "", ""), 0.2),
        (("http_reqs", "count > 100", "", ""), 5000.0),
        (("vus_max", "max > 1", "", ""), 4.0),
    ],
)
def test_all_shapes_say_the_same(tmp_path: Path, kind: K6Kind, row, value) -> None:
    minimum = 1 if row[0] == "vus_max" else 20
    result = row_of(tmp_path, SHAPES[kind](failed=1000), row, minimum=minimum)
    assert (result.value, result.verdict) == (value, Verdict.PASS)


@pytest.mark.parametrize("kind", SHAPES)
def test_throughput_is_k6s_or_follows_from_count_and_length(tmp_path: Path, kind: K6Kind) -> None:
    result = row_of(tmp_path, SHAPES[kind](), ("http_reqs", "rate > 100", "per_s", ""))
    assert result.value == pytest.approx(4000 / 60, rel=0.01)
    assert result.verdict is Verdict.FAIL
    assert result.reason.startswith("http_reqs was 66.")


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("kind", WITH_THRESHOLDS)
def test_the_booleans_of_two_shapes_mean_the_opposite(
    tmp_path: Path, kind: K6Kind, crossed: bool
) -> None:
    plain = SHAPES[kind]()
    told = {"ok": not crossed} if kind is K6Kind.HANDLE_SUMMARY else crossed
    plain["metrics"]["http_req_duration"]["thresholds"] = {"p(95)<500": told}
    summary = read(tmp_path, plain).summary
    state = CriterionState.FAILED if crossed else CriterionState.PASSED
    assert [one.state for one in summary.thresholds] == [state]
    assert summary.verdict is (Verdict.FAIL if crossed else Verdict.PASS)
    assert summary.thresholds[0].value == 20.0, "k6's, of failed requests too"


@pytest.mark.parametrize(
    ("name", "values", "threshold"),
    [
        ("checks", {"rate": 0, "passes": 0, "fails": 0}, "rate>0.9"),
        (
            "ai_latency",
            dict.fromkeys(("avg", "min", "med", "max", "p(90)", "p(95)"), 0),
            "p(95)<500",
        ),
    ],
)
def test_a_threshold_that_k6_passed_without_a_sample_did_not(
    tmp_path: Path, name, values, threshold
) -> None:
    plain = handle_summary()
    kind = "rate" if "passes" in values else "trend"
    contains = "default" if kind == "rate" else "time"
    told = {threshold: {"ok": True}}
    plain["metrics"][name] = {
        "type": kind, "contains": contains, "values": values, "thresholds": told
    }  # fmt: skip
    summary = read(tmp_path, plain).summary
    assert summary.verdict is Verdict.NO_DATA
    assert f"{name}: k6 lets {threshold} pass without a sample." in summary.reasons


@pytest.mark.parametrize("kind", SHAPES)
def test_a_percentile_that_is_not_there_is_not_made_up(tmp_path: Path, kind: K6Kind) -> None:
    row = row_of(tmp_path, SHAPES[kind](), ("http_req_duration", "p(99) < 500", "ms", ""))
    assert (row.verdict, row.value) == (Verdict.NO_DATA, None)
    assert "k6's summary has no p(99) of http_req_duration" in row.reason
    if kind is K6Kind.MACHINE_READABLE:
        assert "drops what is not p(90) or p(95): give atlas-perf the file of" in row.reason
    else:
        stats = "avg,min,med,max,p(90),p(95),p(99),count"
        assert f"give k6 --summary-trend-stats '{stats}'" in row.reason


def test_the_number_of_samples_is_counted_by_what_has_one_each(tmp_path: Path) -> None:
    plain = handle_summary(failed=50, count=None)
    row = row_of(tmp_path, plain, ("http_req_duration", "p(95) < 500", "ms", ""))
    assert (row.samples, row.verdict) == (4000, Verdict.PASS)
    row = row_of(tmp_path, plain, ("ai_latency", "p(95) < 500", "ms", ""))
    assert row.verdict is Verdict.NO_DATA
    assert "does not say of how many samples ai_latency is" in row.reason
    assert "count'" in row.reason
    row = row_of(tmp_path, plain, ("ai_latency", "p(95) < 500", "ms", ""), minimum=0)
    assert row.verdict is Verdict.PASS


def test_too_few_samples(tmp_path: Path) -> None:
    row = row_of(
        tmp_path, handle_summary(count=30), ("ai_latency", "p(95) < 500", "ms", ""), minimum=31
    )
    assert row.reason == "30 samples are too few: the row asks for 31."


def test_times_of_failed_requests_do_not_stand_in_for_the_others(tmp_path: Path) -> None:
    asked = ("http_req_duration", "p(95) < 500", "ms", "")
    for failed in (0, 1):
        plain = handle_summary(failed=failed)
        del plain["metrics"]["http_req_duration{expected_response:true}"]
        row = row_of(tmp_path, plain, asked)
        if failed:
            assert row.verdict is Verdict.NO_DATA
            assert "counts failed requests too" in row.reason
        else:
            assert row.value == 20.0


@pytest.mark.parametrize(
    ("row", "steady", "sentence"),
    [
        (("http_req_duration", "p(95) < 500", "ms", "steady"), None, "say with --k6-steady all"),
        (("http_req_duration", "p(95) < 500", "ms", "steady"), Steady(5, 9), "asks for a part"),
        (("http_req_duration", "p(95) < 500", "ms", "ramp"), None, "of ramp --k6-steady says"),
        (("http_req_duration{name:x}", "p(95) < 500", "ms", ""), None, "sub-metrics only that"),
        (("gone", "p(95) < 500", "ms", ""), None, "k6's summary has no gone, since nothing"),
        (("http_reqs", "max < 5", "", ""), None, "no max of http_reqs, which is a counter"),
        (("ai_latency", "p(95) < 500", "", ""), None, "is in ms in k6's file, and the row says"),
    ],
)
def test_what_a_summary_cannot_say(tmp_path: Path, row, steady, sentence) -> None:
    result = row_of(tmp_path, handle_summary(), row, steady=steady)
    assert result.verdict is Verdict.NO_DATA
    assert sentence in result.reason


def test_a_whole_run_may_be_said_to_be_steady(tmp_path: Path) -> None:
    asked = ("http_req_duration", "p(95) < 500", "ms", "steady")
    assert row_of(tmp_path, handle_summary(), asked, steady=WHOLE).verdict is Verdict.PASS


def test_the_oldest_shape_does_not_say_what_is_a_time(tmp_path: Path) -> None:
    asked = ("ai_latency", "p(95) < 500", "ms", "")
    run = read(tmp_path, summary_export(), asked)
    assert run.summary.baselines.rows[0].verdict is Verdict.PASS
    kept = {one.selector: one.contains for one in run.sketches.quantiles}
    assert kept["ai_latency"] is Contains.DEFAULT
    assert kept["http_req_duration"] is Contains.TIME


def test_what_is_told_of_the_run(tmp_path: Path) -> None:
    summary = read(tmp_path, machine_readable()).summary
    assert summary.file_sha256 == hashlib.sha256(b"export default 1").hexdigest()
    assert summary.facts.tool_version == "k6 --new-machine-readable-summary 2.2.0"
    assert (summary.started_at, summary.measured_s) == ("2026-11-23T13:59:00Z", 60.0)
    assert read(tmp_path, handle_summary()).most_vus == 4


def test_checks_of_the_newer_shape_have_their_old_name(tmp_path: Path) -> None:
    plain = machine_readable()
    values = {"rate": 0.95, "matches": 95, "total": 100}
    plain["results"]["checks"]["metrics"] = [
        {"name": "checks_succeeded", "type": "rate", "contains": "default", "values": values}
    ]
    assert row_of(tmp_path, plain, ("checks", "rate > 0.9", "", "")).value == 0.95


def test_dropped_iterations_make_it_prove_nothing(tmp_path: Path) -> None:
    plain = handle_summary()
    plain["metrics"]["dropped_iterations"] = {
        "type": "counter", "contains": "default", "values": {"count": 41, "rate": 1}
    }  # fmt: skip
    enough = copy.deepcopy(plain)
    enough["metrics"]["dropped_iterations"]["values"]["count"] = 40
    assert read(tmp_path, plain).summary.verdict is Verdict.INVALID
    assert read(tmp_path, enough).summary.verdict is Verdict.PASS


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+14:00", "yesterday", "2026-11-23"])
def test_a_date_that_is_none_does_not_stop_the_gate(tmp_path: Path, written: str) -> None:
    plain = machine_readable()
    plain["metadata"]["generatedAt"] = written
    plain["config"]["duration"] = 1e290
    assert read(tmp_path, plain).summary.started_at == "1970-01-01T00:00:00Z"
