"""The page of a run: its numbers are the summary's, and no name in it is anything but text."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from made_pages import KEPT, PAGES, Page, hostile_kept, hostile_summary, request
from sample_summary import sample_summary

from atlas_perf.errors import ExitCode, InternalError
from atlas_perf.model.request_sample import SampleReason
from atlas_perf.model.summary import CriterionState
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.html import assets
from atlas_perf.report.html.report_data import ReportData, RunSeries, report_data_json
from atlas_perf.report.html.run_page import run_page
from atlas_perf.report.html.spectra import spectra_of
from atlas_perf.report.html.trend_page import trend_page

MOST_BYTES = 1_500_000


def test_figures_are_the_summarys():
    summary = sample_summary()
    figures = Page(run_page(summary, KEPT)).figures()
    metrics = summary.metrics
    assert figures["Requests"] == metrics["http_reqs"].values["count"]
    assert figures["Failed"] == metrics["http_req_failed"].values["rate"]
    assert figures["Latency p95"] == metrics["http_req_duration"].values["p(95)"]
    assert figures["Latency p99"] == metrics["http_req_duration"].values["p(99)"]


def test_every_threshold_and_baseline_has_its_row():
    summary = sample_summary()
    text = run_page(summary, KEPT)
    values = [one.value for one in summary.thresholds if one.value is not None]
    values += [one.value for one in summary.baselines.rows if one.value is not None]
    assert values
    for value in values:
        assert f'data-title="Value" data-value="{json.dumps(value)}"' in text


@pytest.mark.parametrize("page", PAGES)
def test_no_name_becomes_a_tag_or_ends_the_data(page):
    text = page(hostile_summary(), hostile_kept())
    honest, hostile = Page(page(sample_summary(), KEPT)), Page(text)
    assert {tag for tag, _ in hostile.tags} <= {tag for tag, _ in honest.tags}
    assert not [1 for _, attributes in hostile.tags if any(k.startswith("on") for k in attributes)]
    assert len(hostile.scripts) == len(honest.scripts)
    assert "onerror=alert(1)" in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\u2028]", text)


def test_data_inside_a_script_cannot_end_it():
    text = report_data_json(ReportData(runs=(RunSeries("</script><!--\u2028&", {}),)))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["runs"][0]["label"] == "</script><!--\u2028&"


def test_nothing_outside_the_file_is_named_in_it():
    page = Page(run_page(sample_summary(), KEPT))
    addresses = [
        value
        for tag, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "action", "srcset", "data") and value
    ]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    (policy,) = (
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_our_scripts_never_parse_text_as_html():
    for file in assets.SCRIPTS:
        if file.parent == assets.STATIC:
            text = file.read_text()
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function",
                text,
            ), file.name


def test_a_run_of_twenty_minutes_fits():
    summary = sample_summary()
    windows = tuple(
        dataclasses.replace(
            summary.windows[0],
            second=second,
            p50_ms=1.23456789 + second,
            p95_ms=7.7654321 + second,
            p99_ms=12.3456789 * second,
            response_p50_ms=1.9 + second / 7,
            response_p95_ms=8.7 + second / 7,
            response_p99_ms=18.7 + second / 7,
            bytes_received=1e6 / 3 * second,
            cpu_cores=second / 7,
            planned_arrivals=second,
            started_arrivals=second,
        )
        for second in range(1200)
    )
    endpoints = tuple(
        dataclasses.replace(summary.endpoints[0], name=f"/endpoint/{n}") for n in range(200)
    )
    page = run_page(dataclasses.replace(summary, windows=windows, endpoints=endpoints), KEPT)
    assert len(page.encode()) < MOST_BYTES


def test_a_spectrum_reaches_as_far_as_its_samples():
    spectra = spectra_of(KEPT)
    assert spectra is not None
    whole, endpoint = spectra.curves
    assert (whole.name, whole.count, endpoint.name) == ("all requests", 4, "GET runs")
    assert whole.values_ms[0] == 1.0
    assert spectra.tails[-1] <= 4
    assert endpoint.values_ms[-1] is None


def test_a_trend_is_in_the_order_of_time():
    newest = sample_summary()
    older = dataclasses.replace(newest, started_at="2026-11-22T14:05:12Z", reasons=("older",))
    page = Page(trend_page([("b", newest), ("a", older)]))
    (trend,) = page.data["trends"]
    assert trend["labels"] == ["2026-11-22 14:05", "2026-11-23 14:05"]
    p95 = newest.metrics["http_req_duration"].values["p(95)"]
    assert trend["charts"][0]["lines"][1]["values"] == [p95, p95]


def test_a_missing_part_is_told_in_one_sentence(tmp_path):
    with pytest.raises(InternalError, match=r"gone\.js, a part of the report, is missing"):
        assets._asset(tmp_path / "gone.js")


def test_single_requests_are_told_with_what_was_answered_and_their_traces():
    failed = request(
        SampleReason.FAILED,
        status=503,
        error_code=1503,
        body='{"error": "<b>busy</b>"}',
        trace_id="a1" * 16,
    )
    dead = request(SampleReason.FAILED, status=0, error="dial: connection refused", waiting_ms=None)
    slow = request(SampleReason.SLOW, duration_ms=812.0, connecting_ms=4.0, late_ms=6.0)
    summary = dataclasses.replace(sample_summary(), requests=(failed, dead, slow))
    text = run_page(summary, KEPT)
    for told in ("status 503", "dial: connection refused", "a1" * 16, "http://h/runs/7"):
        assert told in text
    assert "&lt;b&gt;busy&lt;/b&gt;" in text
    assert "<b>busy</b>" not in text
    slowest = text[text.index('id="slow-requests-table"') :]
    assert 'data-value="812.0"' in slowest
    assert 'data-value="10.1"' in slowest.replace("10.099999999999999", "10.1")
    assert "Trace" not in slowest.partition("</table>")[0]


def test_without_single_requests_there_is_no_table_of_them():
    text = run_page(dataclasses.replace(sample_summary(), requests=()), KEPT)
    assert "failed-requests-table" not in text
    assert "slow-requests-table" not in text


def test_that_all_was_met_is_said_once():
    thresholds = tuple(
        one for one in sample_summary().thresholds if one.state is CriterionState.PASSED
    )
    met = dataclasses.replace(
        sample_summary(),
        verdict=Verdict.PASS,
        exit_code=ExitCode.PASS,
        thresholds=thresholds,
        baselines=None,
        reasons=(f"All {len(thresholds)} criteria were met.",),
    )
    head, _, _ = run_page(met, KEPT).partition('id="criteria"')
    assert head.count(f"{len(thresholds)} of {len(thresholds)} criteria met") == 1
    assert "every criterion was met" not in head
    assert "were met." not in head
