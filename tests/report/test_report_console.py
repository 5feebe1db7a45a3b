"""The end summary: its text whole, at two widths, and what names and numbers may not do to it.

The golden files are the report as it should read; after a wanted change, write them anew with
`python tests/report/write_golden.py` and read the difference.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from sample_summary import STATS, counter, sample_summary, trend

from atlas_perf.errors import ExitCode
from atlas_perf.model.batch import Ledger
from atlas_perf.model.metric import Contains
from atlas_perf.model.summary import (
    CheckResult,
    CriterionState,
    EndpointSummary,
    ExceptionSummary,
    PhaseSummary,
    Summary,
    WorkerSummary,
)
from atlas_perf.model.verdict import Verdict
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.report.console import render_console
from atlas_perf.report.console_endpoints import MOST_BUSY, MOST_FAILING
from atlas_perf.report.error_words import ERROR_WORDS
from atlas_perf.report.terminal_text import columns

GOLDEN = Path(__file__).parent / "golden"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def rendered(summary: Summary, width: int = 100) -> str:
    return render_console(summary, colour=False, width=width)


def changed(**changes: object) -> str:
    return rendered(dataclasses.replace(sample_summary(), **changes))


@pytest.mark.parametrize("width", [80, 120])
def test_the_whole_text(width):
    golden = GOLDEN / f"console-{width}.txt"
    assert rendered(sample_summary(), width) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [72, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width):
    lines = rendered(sample_summary(), width).splitlines()
    assert max(columns(line) for line in lines) <= width


def test_colours_change_nothing_but_colour():
    coloured = render_console(sample_summary(), colour=True, width=100)
    assert "\x1b[" in coloured
    plain_lines = ANSI.sub("", coloured).splitlines()
    assert plain_lines[:-1] == rendered(sample_summary()).splitlines()[:-1]
    assert plain_lines[-1].split() == rendered(sample_summary()).splitlines()[-1].split()


def test_without_colour_there_is_no_escape_at_all():
    assert "\x1b" not in rendered(sample_summary())


@pytest.mark.parametrize(
    ("verdict", "code", "line"),
    [
        (Verdict.PASS, ExitCode.PASS, "  ✓ PASS  6 of 6 criteria met"),
        (Verdict.FAIL, ExitCode.FAIL, "  ✗ FAIL  6 of 6 criteria met · exit code 1"),
        (
            Verdict.INVALID,
            ExitCode.INVALID,
            "  ✗ INVALID  the run proves nothing · exit code 3",
        ),
        (
            Verdict.INVALID,
            ExitCode.INTERRUPTED,
            "  ✗ INVALID  interrupted · the run proves nothing · exit code 130",
        ),
        (
            Verdict.NO_BASELINE,
            ExitCode.NO_DATA,
            "  ? NO_BASELINE  there is nothing to compare with · 6 of 6 criteria met · exit code 4",
        ),
        (
            Verdict.INCONCLUSIVE,
            ExitCode.PASS,
            "  ? INCONCLUSIVE  neither a regression nor its absence is shown · 6 of 6 criteria met",
        ),
    ],
)
def test_the_last_line_is_the_verdict(verdict, code, line):
    thresholds = tuple(
        dataclasses.replace(one, state=CriterionState.PASSED) for one in sample_summary().thresholds
    )
    text = changed(verdict=verdict, exit_code=code, thresholds=thresholds, baselines=None)
    assert text.splitlines()[-1] == line


def test_the_last_line_counts_the_baselines_that_count():
    line = "  ✗ FAIL  2 of 10 criteria failed · 2 without data · exit code 1"
    assert rendered(sample_summary()).splitlines()[-1] == line
    shown_only = dataclasses.replace(sample_summary().baselines, counted=False)
    line = "  ✗ FAIL  1 of 6 criteria failed · 1 without data · exit code 1"
    assert changed(baselines=shown_only).splitlines()[-1] == line


def test_the_last_line_counts_failed_and_empty_criteria():
    assert changed(baselines=None).splitlines()[-1] == (
        "  ✗ FAIL  1 of 6 criteria failed · 1 without data · exit code 1"
    )
    only_empty = tuple(
        one for one in sample_summary().thresholds if one.state is CriterionState.NO_DATA
    )
    text = changed(
        thresholds=only_empty,
        verdict=Verdict.NO_DATA,
        exit_code=ExitCode.NO_DATA,
        baselines=None,
    )
    assert text.splitlines()[-1] == (
        "  ? NO_DATA  something could not be judged · 1 of 1 criterion without data · exit code 4"
    )


def test_an_empty_run_still_says_its_verdict():
    empty = {name: () for name in ("thresholds", "checks", "endpoints", "exceptions", "workers")}
    text = changed(**empty, metrics={}, ledger={}, baselines=None)
    assert "HTTP" not in text
    assert text.splitlines()[-1] == "  ✗ FAIL  exit code 1"


def test_names_cannot_steer_the_terminal():
    nasty = "a\x1b[2Jb\r\nc\u202ed\x07"
    text = rendered(
        dataclasses.replace(
            sample_summary(),
            name=nasty,
            reasons=(f"{nasty} failed.",),
            checks=(CheckResult(nasty, f"::{nasty}", nasty, 1, 1),),
            endpoints=(
                EndpointSummary(nasty, "GET", nasty, 1, 1, {nasty: 1}, {nasty: 1}, {}),
                EndpointSummary("other", "GET", nasty, 1, 1, {}, {nasty: 1}, {}),
            ),
            exceptions=(ExceptionSummary(nasty, "E", nasty, nasty, 1, 1, ""),),
            ledger={nasty: Ledger()},
            workers=(WorkerSummary(0, 1, (), nasty, 0.1, 1.0, 1, 0, 0),),
            metrics={"n": counter("n", 1, 1)}
            | {f"n{{x:{nasty}}}": counter(f"n{{x:{nasty}}}", 1, 1)},
        )
    )
    assert all(char.isprintable() for line in text.split("\n") for char in line)
    assert text.count(r"a\x1b[2Jb\r\nc\u202ed\x07") >= 8


def test_wide_characters_keep_the_columns_aligned():
    checks = (CheckResult("状態は良好", "", "api", 1, 0), CheckResult("ok", "", "api", 1, 0))
    lines = [line for line in changed(checks=checks).splitlines() if "1 of 1" in line]
    assert len({columns(line[: line.index("100 %")]) for line in lines}) == 1


def test_a_long_name_is_shortened_in_its_middle_and_the_numbers_stay():
    endpoint = dataclasses.replace(sample_summary().endpoints[0], name="/a/" + "x" * 200 + "/end")
    text = rendered(dataclasses.replace(sample_summary(), endpoints=(endpoint,)), 80)
    (line,) = [line for line in text.splitlines() if "…" in line]
    assert line.startswith("    GET /a/xxx")
    assert "/end" in line
    assert line.endswith("88.2ms")


def test_a_long_metric_name_stands_alone():
    name = "a_custom_metric_with_a_name_of_its_own_that_is_long"
    metrics = {name: trend(name, 1, *range(7), contains=Contains.DEFAULT)}
    lines = rendered(dataclasses.replace(sample_summary(), metrics=metrics), 120).splitlines()
    place = lines.index(f"    {name}:")
    assert lines[place + 1].strip().startswith("avg=0")


def test_a_run_with_many_endpoints_shows_the_busiest_and_those_that_failed_most():
    base = sample_summary().endpoints[2]
    many = tuple(
        dataclasses.replace(base, name=f"/{number}", failed=number if number > 80 else 0)
        for number in range(100)
    )
    text = changed(endpoints=many)
    shown = [int(name) for name in re.findall(r"GET /(\d+)", text)]
    assert shown == [*range(MOST_BUSY), *range(99, 99 - MOST_FAILING, -1)]
    assert f"and {100 - MOST_BUSY - MOST_FAILING} more in summary.json" in text


def test_many_kinds_of_exceptions_are_cut_short():
    one = sample_summary().exceptions[0]
    text = changed(exceptions=tuple(dataclasses.replace(one, line=line) for line in range(25)))
    assert text.count("KeyError") == 10
    assert "and 15 more kinds in summary.json" in text


def test_several_scenarios_have_parts_of_their_own():
    first = sample_summary().endpoints[0]
    lines = changed(endpoints=(first, dataclasses.replace(first, scenario="soak"))).splitlines()
    assert "    api" in lines
    assert "    soak" in lines


def test_an_aborting_threshold_is_marked():
    thresholds = (dataclasses.replace(sample_summary().thresholds[4], aborted_run=True),)
    assert "✗ rate<0.01  0.01201  ended the run" in changed(thresholds=thresholds)


def test_a_lost_worker_and_missing_intervals_are_told():
    lost = WorkerSummary(1, 3, (4, 5), "killed by signal 9", 0.1, 1.0, 1_000_000, 2, 7)
    text = changed(workers=(sample_summary().workers[0], lost))
    for told in (
        "1 lost",
        "2 intervals missing",
        "2 values refused",
        "7 samples beyond the series cap",
        "worker 1 lost: killed by signal 9",
    ):
        assert told in text
    assert "nothing lost" not in text
    one = changed(workers=(dataclasses.replace(lost, missing_intervals=(4,)),))
    assert "1 interval missing" in one


def test_nearly_all_is_not_all():
    checks = (CheckResult("ok", "", "api", 999_999, 1),)
    assert "99.9999 %  999999 of 1000000" in changed(checks=checks)


def test_a_terminal_narrower_than_the_report_gets_the_narrowest():
    assert rendered(sample_summary(), 20) == rendered(sample_summary(), 60)


def test_on_a_narrow_terminal_values_stay_whole():
    lines = rendered(sample_summary(), 60).splitlines()
    assert max(columns(line) for line in lines if "=" in line) <= 60


def failing(**errors: int) -> str:
    statuses = {"0": sum(errors.values())}
    codes = {code.removeprefix("e"): count for code, count in errors.items()}
    whole = statuses["0"]
    one = EndpointSummary("api", "GET", "/x", whole, whole, statuses, codes, {})
    return changed(endpoints=(one,))


def test_an_error_has_its_code_and_its_words():
    text = failing(e1000=3, e1212=20, e1999=1)
    assert "↳ error 1212 connection refused × 20, error 1000 no usable response × 3" in text


def test_a_code_that_only_repeats_a_status_is_left_out():
    one = EndpointSummary("api", "GET", "/x", 5, 5, {"503": 5}, {"1503": 5}, {})
    assert "↳ status 503 × 5\n" in changed(endpoints=(one,))


@pytest.mark.parametrize(
    ("requests", "statuses", "why"),
    [(2, {"204": 2}, "status 204 × 2"), (3, {"200": 3}, "a status that was not expected × 2")],
)
def test_a_status_below_400_that_was_not_expected_is_told(requests, statuses, why):
    one = EndpointSummary("api", "GET", "/x", requests, 2, statuses, {}, {})
    assert f"↳ {why}\n" in changed(endpoints=(one,))


def test_every_error_code_has_words():
    assert set(ERROR_WORDS) == {str(code.value) for code in ErrorCode}
    assert all(ERROR_WORDS.values())


def test_values_that_are_all_equal_are_one():
    metric = trend("http_req_tls_handshaking", 9, *[0.0] * len(STATS))
    text = changed(metrics={metric.name: metric})
    assert re.search(r"http_req_tls_handshaking\.+: all=0s\n", text)


def test_the_three_durations_of_the_open_model_stand_side_by_side():
    response = trend("http_req_response_time", 12_259, 20.1, 1.4, 13.1, 612.7, 31.9, 42.4, 318.0)
    lag = trend("iteration_lag", 3102, 0.2, 0.001, 0.1, 4.2, 0.3, 0.4, 2.1)
    metrics = {**sample_summary().metrics, response.name: response, lag.name: lag}
    text = changed(metrics=metrics)
    section = text[text.index("  OPEN MODEL\n") : text.index("  HTTP\n")]
    names = re.findall(r"^    (\w+)\.*:", section, re.MULTILINE)
    assert names == ["http_req_response_time", "http_req_duration", "iteration_lag"]
    assert text.count("http_req_duration.") == 1  # nowhere else
    assert "Response counts from when a request was due, and is what is gated" in section


def test_a_closed_model_has_no_such_section():
    assert "OPEN MODEL" not in rendered(sample_summary())


STEADY = PhaseSummary("api", "steady", 0.0, 30.0, 30.0)


def test_one_phase_is_not_worth_a_line():
    assert "PHASES" not in changed(phases=(STEADY,))


def test_scenarios_with_the_same_phases_share_a_line_and_others_do_not():
    ramp = PhaseSummary("api", "ramp", 0.0, 10.0, 10.0)
    both = (ramp, STEADY)
    again = tuple(dataclasses.replace(one, scenario="other") for one in both)
    assert "    ramp 10s · steady 30s\n" in changed(phases=(*both, *again))
    text = changed(phases=(*both, *again[1:]))
    assert "    api: ramp 10s · steady 30s\n    other: steady 30s\n" in text


def test_a_phase_that_was_cut_short_is_told_with_what_was_ordered():
    first, *rest = sample_summary().thresholds
    short = dataclasses.replace(first, over="steady", over_s=12.5, ordered_s=30.0)
    ramp = PhaseSummary("api", "ramp", 0.0, 10.0, 10.0)
    cut = dataclasses.replace(STEADY, end_s=12.5)
    text = changed(thresholds=(short, *rest), phases=(ramp, cut))
    assert "over 12.5s of 30s ordered" in text
    assert "steady 12.5s of 30s\n" in text


def test_that_all_was_met_is_said_once():
    thresholds = tuple(
        one for one in sample_summary().thresholds if one.state is CriterionState.PASSED
    )
    text = changed(
        verdict=Verdict.PASS,
        exit_code=ExitCode.PASS,
        thresholds=thresholds,
        baselines=None,
        reasons=(f"All {len(thresholds)} criteria were met.", "Something to know."),
    )
    assert "were met" not in text
    assert "› Something to know." in text
    assert text.endswith(f"PASS  {len(thresholds)} of {len(thresholds)} criteria met\n")


def urls(*bases: str, width: int) -> str:
    endpoints = tuple(
        EndpointSummary("api", "GET", f"{base}/api/runs/with/a/way/{number}", 1, 0, {}, {}, {})
        for number, base in enumerate(bases)
    )
    return rendered(dataclasses.replace(sample_summary(), endpoints=endpoints), width)


def test_urls_lose_the_base_that_all_have_before_their_middle_and_no_more_than_they_must():
    same = "http://127.0.0.1:38085"
    assert f"GET {same}/api/runs/with/a/way/1 " in urls(same, same, width=140)
    assert "    GET /api/runs/with/a/way/1 " in urls(same, same, width=80)
    assert "GET http://" in urls(same, "http://other:1", width=80)
