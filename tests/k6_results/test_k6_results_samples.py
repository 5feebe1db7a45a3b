"""k6's samples through our own sketches: numbers, windows, tags, and what is left out."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import pytest
from made_k6 import (
    baselines,
    definition,
    definitions,
    ndjson,
    point,
    request,
    run_of,
)

from atlas_perf.errors import UsageError
from atlas_perf.k6_results.opening import K6FileError, K6Kind, NoSampleError
from atlas_perf.k6_results.points import Lines
from atlas_perf.k6_results.reading import read_k6_run
from atlas_perf.k6_results.replay import HELD_S, Replay
from atlas_perf.k6_results.steady import WHOLE, Steady
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import TrendTotal
from atlas_perf.model.verdict import Verdict
from atlas_perf.sketch.ddsketch import Sketch

P95 = ("http_req_duration", "p(95) < 500", "ms", "")


def read(path, *rows, steady=None, asked=(), minimum=20):
    wanted = baselines(path.parent, *rows, minimum=minimum) if rows else None
    return read_k6_run(path, name="run", baselines=wanted, steady=steady, asked=asked)


def replayed(path: Path, lines: list[str]) -> Replay:
    ndjson(path, lines)
    known = Lines(path)
    replay = Replay(known)
    with path.open("rb") as file:
        for one in known.points(file):
            replay.add(*one)
    replay.finish()
    return replay


@pytest.mark.parametrize("name", ["run.json", "run.json.gz", "no-extension"])
def test_percentiles_are_those_of_the_samples(tmp_path: Path, name: str) -> None:
    random = Random(7)
    took = [20 * math.exp(random.gauss(0, 0.5)) for _ in range(3000)]
    lines = definitions()
    for number, took_ms in enumerate(took):
        lines += request((number + 1) / 100, took_ms)
    run = read(ndjson(tmp_path / name, lines), P95)
    assert run is not None
    assert run.kind is K6Kind.NDJSON
    (row,) = run.summary.baselines.rows
    exact = sorted(took)[round(0.95 * 2999)]
    assert row.value == pytest.approx(exact, rel=0.011)
    assert (row.samples, row.verdict) == (3000, Verdict.PASS)
    assert row.low < exact < row.high


def test_failed_requests_are_not_in_the_times(tmp_path: Path) -> None:
    lines = definitions()
    for number in range(100):
        lines += request(number / 10, 0.0 if number % 4 else 400.0, failed=bool(number % 4))
    run = read(ndjson(tmp_path / "run", lines), P95, ("http_req_failed", "rate < 0.8", "", ""))
    times, share = run.summary.baselines.rows
    assert times.value == pytest.approx(400, rel=0.01)
    assert (times.samples, share.value) == (25, 0.75)


def test_setup_and_teardown_are_not_measured(tmp_path: Path) -> None:
    lines = definitions()
    lines += request(-60, 9000.0, group="::setup")
    lines += request(-59, 9000.0, group="::setup::inner")
    lines += run_of(10)[len(lines) - 6 :]
    lines += request(70, 9000.0, group="::teardown")
    run = read(ndjson(tmp_path / "run", lines))
    assert run.summary.metrics["http_req_duration"].values["max"] < 41
    assert run.summary.measured_s == pytest.approx(10, abs=0.2)


def test_a_run_begins_before_its_first_sample_ends(tmp_path: Path) -> None:
    lines = [*definitions(), *request(4.0, 4000.0), *request(5.0, 1000.0)]
    run = read(ndjson(tmp_path / "run", lines))
    assert run.summary.measured_s == pytest.approx(5.0)
    assert run.summary.metrics["http_reqs"].values["rate"] == pytest.approx(0.4)


def test_tags_and_sub_metrics_can_be_asked_for(tmp_path: Path) -> None:
    lines = definitions("http_req_duration")
    lines.append(definition("http_req_duration", ["http_req_duration{name:buy}"]))
    for number in range(200):
        lines += request(number / 10, 10.0, name="list", url="list", note="") + request(
            number / 10, 200.0, name="buy", url="buy"
        )
    path = ndjson(tmp_path / "run", lines)
    asked = "http_req_duration{name:list}"
    run = read(path, ("http_req_duration{name:buy}", "p(95) < 100", "ms", ""), asked=[asked])
    (row,) = run.summary.baselines.rows
    assert (row.verdict, row.value) == (Verdict.FAIL, pytest.approx(200, rel=0.01))
    kept = {one.selector: one for one in run.sketches.trends}
    for selector, value_ms in ((asked, 10), ("http_req_duration{name:buy}", 200)):
        counts = [Sketch.from_bytes(window).count for window in kept[selector].windows]
        assert sum(counts) == 200
        assert len(counts) == 6
        assert Sketch.from_bytes(kept[selector].windows[0]).max == pytest.approx(value_ms * 1e6)


def test_urls_fold_as_ours_do_and_what_is_of_one_request_is_dropped(tmp_path: Path) -> None:
    lines = definitions()
    for number in range(50):
        url = f"http://127.0.0.1:80/api/runs/{number}"
        lines += request(number / 10, 10.0, name=url, url=url, error=f"port {number}")
    run = read(ndjson(tmp_path / "run", lines))
    (endpoint,) = run.summary.endpoints
    assert (endpoint.name, endpoint.requests) == ("http://127.0.0.1:80/api/runs/{id}", 50)
    assert run.summary.facts.target == "http://127.0.0.1:80"


def test_points_may_be_some_seconds_out_of_order(tmp_path: Path) -> None:
    lines = run_of(60)
    head, body = lines[: len(definitions())], lines[len(definitions()) :]
    block = 20 * 10 * 4
    mixed = list(head)
    random = Random(3)
    for begin in range(0, len(body), block):
        part = body[begin : begin + block]
        random.shuffle(part)
        mixed += part
    tidy = read(ndjson(tmp_path / "a", lines))
    mixed_up = read(ndjson(tmp_path / "b", mixed))
    assert (
        mixed_up.summary.metrics["http_req_duration"] == (tidy.summary.metrics["http_req_duration"])
    )
    assert mixed_up.summary.metrics["http_reqs"].values["count"] == 600


def test_older_points_than_that_are_refused(tmp_path: Path) -> None:
    lines = [*run_of(HELD_S + 10), *request(1.0, 5.0)]
    with pytest.raises(K6FileError, match=rf"line {len(lines) - 2}: its time lies more than 30 s"):
        read(ndjson(tmp_path / "run", lines))


def test_what_is_held_does_not_grow_with_the_run(tmp_path: Path, monkeypatch) -> None:
    most = 0
    count = Replay._count

    def counted(self, *given):
        nonlocal most
        count(self, *given)
        most = max(most, len(self._seconds))

    monkeypatch.setattr(Replay, "_count", counted)
    replay = replayed(tmp_path / "run", run_of(200))
    assert most <= HELD_S + 2
    assert replay.totals.total(Selector("http_reqs")).total == 2000


def test_more_series_than_are_kept_apart_are_folded(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("atlas_perf.k6_results.replay.MOST_SERIES", 10)
    monkeypatch.setattr("atlas_perf.k6_results.points.MOST_KNOWN_TEXTS", 10)
    lines = definitions()
    for number in range(60):
        lines += request(number / 10, 10.0, shard=str(number))
    replay = replayed(tmp_path / "run", lines)
    total = replay.totals.total(Selector("http_req_duration"))
    assert isinstance(total, TrendTotal)
    assert total.samples == 60
    run = read(tmp_path / "run", ("http_req_duration{shard:59}", "p(95) < 500", "ms", ""))
    (row,) = run.summary.baselines.rows
    assert row.verdict is Verdict.NO_DATA
    assert "series cap" in row.reason


STEADY_ROWS = (
    ("http_req_duration", "p(95) < 500", "ms", "steady"),
    ("http_reqs", "rate > 5", "per_s", "steady"),
)


def test_the_steady_phase_is_what_the_user_says(tmp_path: Path) -> None:
    lines = definitions()
    for number in range(400):
        lines += request((number + 0.5) / 10, 10.0 if 100 <= number < 300 else 900.0)
    path = ndjson(tmp_path / "run", lines)
    rows = read(path, *STEADY_ROWS, steady=Steady(11, 29)).summary.baselines.rows
    assert [row.verdict for row in rows] == [Verdict.PASS, Verdict.PASS]
    assert rows[0].value == pytest.approx(10, rel=0.01)
    assert rows[1].value == pytest.approx(10, rel=0.01)
    whole = read(path, *STEADY_ROWS, steady=WHOLE).summary.baselines.rows
    assert [row.verdict for row in whole] == [Verdict.FAIL, Verdict.PASS]
    unsaid = read(path, *STEADY_ROWS).summary.baselines.rows
    assert {row.verdict for row in unsaid} == {Verdict.NO_DATA}
    assert "say with --k6-steady all" in unsaid[0].reason
    with pytest.raises(UsageError, match="--k6-steady 10s-2m ends behind the run"):
        read(path, *STEADY_ROWS, steady=Steady(10, 120))


def test_a_comparison_is_of_the_steady_part(tmp_path: Path) -> None:
    run = read(ndjson(tmp_path / "run", run_of(60)), steady=Steady(10, 40))
    assert run.sketches.phase == "steady"
    assert sum(run.sketches.window_s) == 30


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (("gone_latency", "p(95) < 1", "ms", ""), "k6 recorded no metric gone_latency."),
        (("plain_latency", "p(95) < 1", "ms", ""), "the row says ms"),
        (("ai_latency", "p(95) < 1", "ms", ""), "ai_latency has the value -5 in k6's file"),
        (("checks", "rate > 1", "", ""), "has no sample"),
        (
            ("http_req_duration{nam:x}", "p(95) < 1", "ms", ""),
            "a tag named nam; the nearest",
        ),
        (("http_reqs", "rate > 1", "per_s", "ramp"), "k6 tells no phases"),
    ],
)
def test_what_cannot_be_judged_says_why(tmp_path: Path, rows, sentence) -> None:
    lines = run_of(10)
    lines += [point("ai_latency", 10, 5), point("ai_latency", 10, -5)]
    lines += [point("plain_latency", 10, 5)]
    run = read(ndjson(tmp_path / "run", lines), rows)
    (row,) = run.summary.baselines.rows
    assert row.verdict is Verdict.NO_DATA
    assert sentence in row.reason
    assert "ai_latency" not in [one.selector for one in run.sketches.trends]


def test_a_load_that_was_not_offered_proves_nothing(tmp_path: Path) -> None:
    lines = [*run_of(10), point("dropped_iterations", 9.5, 2, scenario="default")]
    run = read(ndjson(tmp_path / "run", lines))
    assert run.summary.verdict is Verdict.INVALID
    assert "k6 never started 2 of the 102 iterations" in run.summary.reasons[0]


def test_sockets_that_were_not_upgraded_failed(tmp_path: Path) -> None:
    lines = definitions()
    for number in range(30):
        status = "101" if number % 3 else "503"
        took = 20.0 if number % 3 else 1.0
        lines.append(point("ws_connecting", number, took, status=status, url="ws://x"))
    run = read(ndjson(tmp_path / "run", lines), ("ws_connecting", "min < 100", "ms", ""))
    (row,) = run.summary.baselines.rows
    assert (row.value, row.samples) == (pytest.approx(20.0), 20)


def test_connections_that_were_there_were_not_made(tmp_path: Path) -> None:
    lines = run_of(10)
    tags = {"expected_response": "true"}
    lines += [point("http_req_connecting", n / 10, 0 if n % 50 else 7, **tags) for n in range(100)]
    run = read(ndjson(tmp_path / "run", lines), ("http_req_connecting", "p(50) < 5", "ms", ""))
    (row,) = run.summary.baselines.rows
    assert (row.samples, row.value) == (2, pytest.approx(7, rel=0.01))


def test_another_metric_of_one_of_our_names_is_left_out_and_said(tmp_path: Path) -> None:
    odd = definition("plain_latency").replace("plain_latency", "task_duration")
    lines = [*run_of(5), odd, point("task_duration", 5, 3)]
    run = read(ndjson(tmp_path / "run", lines))
    assert "task_duration is a trend of plain numbers in k6 and a trend of times" in run.notes[0]


def test_only_setup_is_no_data(tmp_path: Path) -> None:
    lines = [*definitions(), *request(1, 5.0, group="::setup"), point("vus", 1, 0)]
    with pytest.raises(NoSampleError, match="holds no sample of the load"):
        read(ndjson(tmp_path / "run", lines))


def test_lines_that_others_wrote_are_read_too(tmp_path: Path) -> None:
    """With white space, keys in another order, an offset, metadata and null for no tags."""
    lines = definitions()
    lines.append(
        '{"type": "Point", "metric": "http_reqs", "data": {"tags": null, "value": 1.0, '
        '"time": "2026-11-23T16:00:00.5+02:00"}}'
    )
    lines.append(
        '{"metric":"http_reqs","type":"Point","data":{"time":"2026-11-23T14:00:01Z","value":1e0,'
        '"tags":{"method":"GET"},"metadata":{"vu":"3"}}}'
    )
    run = read(ndjson(tmp_path / "run", lines))
    assert run.summary.metrics["http_reqs"].values["count"] == 2
    assert run.summary.measured_s == pytest.approx(0.5)
    assert run.summary.started_at.startswith("2026-11-23T14:00:00.5")
