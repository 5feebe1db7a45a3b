"""The real k6 and atlas-perf under one load: counts, percentiles, verdicts of both records."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atlas_perf.cli.main import execute
from atlas_perf.k6_results.opening import K6Kind
from atlas_perf.k6_results.reading import read_k6_run
from benchmarks.cores import Cores
from benchmarks.k6_beside_ours.runs import Load, Pair, run_pair, target
from benchmarks.k6_beside_ours.table import compared, sketch_errors, tables
from benchmarks.peers.tools import locate, reason_absent

LOAD = Load(rate=40, seconds=3)
ANYWHERE = Cores(None, None)

ROWS = """
[[baseline]]
component = "API"
name = "{name} {scenario}"
scenario = "{scenario}"
metric = "{metric}"
aggregation = "{aggregation}"
limit = "{limit}"
unit = "{unit}"
minimum_samples = 50
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    k6 = locate("k6")
    if k6 is None:
        if os.environ.get("ATLAS_PERF_TEST_ALL_SERVERS"):
            pytest.fail("k6 is not installed, and .ci/run installs it")
        pytest.skip(f"k6 is {reason_absent('k6')}")
    with target(ANYWHERE) as url:
        folder = tmp_path_factory.mktemp("k6") / "pair"
        return run_pair(k6, url, LOAD, folder, ANYWHERE, ours_first=False)


def test_every_request_of_k6_is_counted_but_those_of_setup(pair: Pair) -> None:
    requests = pair.k6.summary.metrics["http_reqs"].values["count"]
    assert requests == pair.k6_says["http_reqs"]["count"] - 1
    assert requests == pair.k6_says["iterations"]["count"] * 2
    assert pair.k6.scenarios == ("requests",)


def test_percentiles_are_k6s_within_the_accuracy_of_a_sketch(pair: Pair) -> None:
    """And what the one request of setup moves them by."""
    assert {name for name, off in sketch_errors(pair).items() if abs(off) > 0.06} == set()


def test_our_own_samples_come_to_our_own_summary(pair: Pair) -> None:
    """The same code reads k6's: it is right where the whole truth is known."""
    for metric in ("http_req_duration", "http_req_failed", "http_reqs", "iteration_duration"):
        own = pair.ours.summary.metrics[metric].values
        read = pair.ours_as_k6.summary.metrics[metric].values
        for key in own.keys() - {"rate", "avg"}:
            assert read[key] == pytest.approx(own[key], rel=1e-6), (metric, key)


def test_both_offered_the_same_and_can_be_laid_side_by_side(pair: Pair) -> None:
    text = tables([pair])
    assert "http_req_duration{name:list runs} p95" in text
    assert "lines a second of CPU" in text
    (judged, *_) = compared([pair]).metrics
    assert (judged.selector, judged.primary) == ("http_req_duration", True)
    assert None not in (judged.base, judged.candidate)


def test_one_baseline_file_judges_the_runs_of_both(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = (
        ("p95", "http_req_duration{name:list runs}", "p(95)", "< 5000", "ms"),
        ("errors", "http_req_failed", "rate", "< 0.5", ""),
        ("throughput", "http_reqs", "rate", "> 30", "per_s"),
    )
    keys = ("name", "metric", "aggregation", "limit", "unit")
    text = "version = 1\n"
    for scenario in ("k6", "k6-summary"):
        for row in rows:
            text += ROWS.format(scenario=scenario, **dict(zip(keys, row, strict=True)))
    Path("rows.toml").write_text(text)
    summary = pair.k6_file.with_name("k6-summary.json")
    assert execute(["analyze", str(pair.k6_file), str(summary), "--baselines", "rows.toml"]) == 0
    assert "6 of 6 rows held" in capsys.readouterr().out


def test_the_summaries_that_k6_writes_are_known_and_say_the_same(pair: Pair) -> None:
    export = read_k6_run(pair.k6_file.with_name("k6-summary.json"))
    handle = read_k6_run(pair.k6_file.with_name("k6-handle-summary.json"))
    assert export is not None
    assert handle is not None
    assert (export.kind, handle.kind) == (K6Kind.SUMMARY_EXPORT, K6Kind.HANDLE_SUMMARY)
    known = {str(one): one for one in handle.summary.thresholds}
    assert {str(one) for one in export.summary.thresholds} == known.keys()
    values = {one.selector: dict(one.values) for one in handle.sketches.quantiles}
    for one in export.sketches.quantiles:
        assert dict(one.values) == values[one.selector]
    assert sorted(export.sketches.rates, key=str) == sorted(handle.sketches.rates, key=str)
