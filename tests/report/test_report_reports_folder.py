"""What CI systems read of analyses and comparisons: a case for each criterion, and no old ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sample_summary import sample_summary

from atlas_perf.cli.main import execute
from atlas_perf.errors import ExitCode
from atlas_perf.model.comparison import ComparedMetric, Comparison, Finding, Terms
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.comparison_reports import (
    comparison_junit,
    comparison_markdown,
    comparison_metrics,
    comparison_quality,
)
from atlas_perf.report.reports_folder import FILES
from atlas_perf.report.summary_json import summary_to_json

ROW = """
[[baseline]]
component = "API"
name = "{name}"
scenario = ["api", "ws"]
metric = "http_req_duration"
aggregation = "p(95)"
limit = "{limit}"
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
            "thresholds": {"p(95)<500": {"ok": False}, "p(95)<900": {"ok": True}},
        }
    },
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = ROW.format(name="p95", limit="< 500") + ROW.format(name="odd", limit="< 900")
    Path("rows.toml").write_text("version = 1\n" + rows)
    return tmp_path


def put(name: str, verdict: Verdict) -> str:
    Path(name).mkdir()
    summary = replace(sample_summary(), verdict=verdict, exit_code=verdict.exit_code)
    (Path(name) / "summary.json").write_text(summary_to_json(summary))
    return name


def cases(text: str) -> dict[tuple[str, str], str]:
    """What became of each case."""
    found = {}
    for case in ET.fromstring(text).iter("testcase"):
        kinds = [one.tag for one in case if one.tag != "system-out"]
        found[case.get("classname"), case.get("name")] = kinds[0] if kinds else "passed"
    return found


def test_an_analysis_has_a_case_for_each_row_run_and_threshold_of_k6() -> None:
    put("run", Verdict.FAIL)
    Path("ws.json").write_text(json.dumps(K6))
    given = ("analyze", "run", "ws.json", "--baselines", "rows.toml", "--reports", "new/reports")
    assert execute(given) == 1
    assert sorted(one.name for one in Path("new/reports").iterdir()) == sorted(
        set(FILES) - {"comparison.json"}
    )
    text = Path("new/reports/junit.xml").read_text()
    steady = "http_req_duration p(95) < {} over steady"
    assert cases(text) == {
        ("api.run", "the run in run is valid"): "passed",
        ("ws.run", "the run in ws.json is valid"): "passed",
        ("ws.k6 http_req_duration", "p(95)<500"): "failure",
        ("ws.k6 http_req_duration", "p(95)<900"): "passed",
        ("api.baseline API p95", steady.format(500)): "failure",
        ("ws.baseline API p95", steady.format(500)): "error",
        ("api.baseline API odd", steady.format(900)): "passed",
        ("ws.baseline API odd", steady.format(900)): "error",
    }
    (failed,) = [one for one in ET.fromstring(text).iter("failure") if "612" in one.get("message")]
    assert failed.get("message") == ("612.4 ms breaks http_req_duration p(95) < 500 over steady")
    for word in ("value: 612.4 ms", "limit: ", "margin: 22.5 % outside"):
        assert word in failed.text


def test_a_summary_in_markdown_says_what_broke_first() -> None:
    put("run", Verdict.FAIL)
    execute(("analyze", "run", "--baselines", "rows.toml", "--scenario", "api", "--reports", "r"))
    lines = Path("r/summary.md").read_text().splitlines()
    assert lines[0] == "## ❌ FAIL: 1 run, a criterion was not met"
    assert lines[2] == "baselines rows.toml, version 1 · exit code 1"
    assert any(line.startswith("| ❌ | api: baseline API p95") for line in lines)
    metrics = Path("r/metrics.txt").read_text()
    met = 'atlas_perf_criterion_met{baseline="API p95",criterion="p(95) < 500 over steady",'
    assert f'{met}scenario_file="api",selector="http_req_duration"}} 0' in metrics
    assert metrics.endswith("# EOF\n")


def test_an_invalid_run_is_an_error_and_so_is_what_cannot_be_read() -> None:
    put("run", Verdict.INVALID)
    Path("torn.json").write_text("{")
    given = ("analyze", "run", "torn.json", "--baselines", "rows.toml", "--reports", "r")
    assert execute(given) == 3
    found = cases(Path("r/junit.xml").read_text())
    assert found["api.run", "the run in run is valid"] == "error"
    assert found["analyze.run", "what was given can be read (1)"] == "error"
    assert "passed" not in found.values()


def test_reports_of_an_earlier_command_do_not_stay_behind() -> None:
    put("run", Verdict.FAIL)
    execute(("analyze", "run", "--baselines", "rows.toml", "--reports", "r"))
    (Path("r") / "mine.txt").write_text("stays")
    assert execute(("analyze", "gone", "--baselines", "rows.toml", "--reports", "r")) == 2
    assert [one.name for one in Path("r").iterdir()] == ["mine.txt"]


def test_a_comparison_that_is_refused_says_so_there_too(capsys) -> None:
    put("run", Verdict.INVALID)
    put("other", Verdict.INVALID)
    assert execute(("compare", "run", "other", "--reports", "r")) == 3
    (found,) = cases(Path("r/junit.xml").read_text()).items()
    assert found == (("comparison", "the runs can be compared"), "error")
    assert "nothing was compared, exit code 3" in Path("r/summary.md").read_text()
    assert execute(("compare", "gone", "run", "--reports", "r")) == 3
    assert execute(("compare", "run", "gone", "--reports", "r")) == 2
    assert "no candidate" in Path("r/junit.xml").read_text()


def test_a_folder_that_cannot_be_written_ends_the_command_before_it_begins(capsys) -> None:
    Path("file").write_text("")
    assert execute(("analyze", "gone", "--reports", "file")) == 2
    assert "reports cannot be written to file" in capsys.readouterr().err
    assert execute(("compare", "a", "b", "--reports", "file/in")) == 2


def row(finding: Finding, *, primary: bool = True, note: str = "") -> ComparedMetric:
    none = finding is Finding.NO_DATA
    return ComparedMetric(
        f"http_req_{finding.name.lower()}",
        "p(95)",
        primary=primary,
        is_time=True,
        base=20.0,
        candidate=22.0,
        change=None if none else 0.1,
        lower=None if none else 0.06,
        upper=None if none else 0.14,
        margin=0.05,
        finding=finding,
        pairs_to_decide=7 if finding is Finding.UNDECIDED else None,
        note=note,
    )


def compared(*, advisory: bool = False, required: bool = False) -> Comparison:
    rows = [row(one) for one in (Finding.REGRESSED, Finding.NON_INFERIOR, Finding.UNDECIDED)]
    rows += [
        row(Finding.NO_DATA, note="not every run has it"),
        row(Finding.REGRESSED, primary=False),
    ]
    terms = Terms(require_non_inferiority=required)
    reason = "http_req_regressed p(95) is worse by +10.0 %."
    return Comparison(
        Verdict.FAIL, ExitCode.FAIL, (reason,), advisory, 3, "steady", terms, tuple(rows)
    )


def outcomes(comparison: Comparison) -> list[str]:
    return list(cases(comparison_junit(comparison, "api.py")).values())


def test_a_comparison_has_a_case_for_each_primary_metric() -> None:
    assert outcomes(compared()) == ["failure", "passed", "skipped", "error"]
    assert outcomes(compared(required=True)) == ["failure", "passed", "error", "error"]
    assert outcomes(compared(advisory=True)) == ["skipped"] * 4
    failure = next(ET.fromstring(comparison_junit(compared(), "api.py")).iter("failure"))
    assert failure.get("message") == "worse by +10.0 %, the margin is +5.0 %"
    for word in (
        "value: +10.0 %",
        "limit: +5.0 %",
        "margin: 90 % interval +6.0 % … +14.0 %",
        "base: 20.0ms, candidate: 22.0ms",
        "http_req_regressed p(95) is worse by +10.0 %.",
    ):
        assert word in failure.text
    skipped = next(ET.fromstring(comparison_junit(compared(), "api.py")).iter("skipped"))
    assert "about 7 pairs would decide" in skipped.text


def test_only_what_gates_is_a_finding_of_code_quality() -> None:
    found = comparison_quality(compared(), "api.py")
    assert [(one["severity"], one["location"]["path"]) for one in found] == [
        ("critical", "api.py"),
        ("major", "api.py"),
    ]
    assert comparison_quality(compared(advisory=True), "api.py") == []


def test_numbers_of_a_comparison_and_its_markdown() -> None:
    met = 'atlas_perf_criterion_met{criterion="< +5 %",selector="http_req_non_inferior"'
    assert f'{met},statistic="p(95)"}} 1' in comparison_metrics(compared())
    assert f'{met},statistic="p(95)"}} 0' in comparison_metrics(compared(advisory=True))
    text = comparison_markdown(compared(), ["a|b"], ["c"])
    assert text.startswith("## ❌ FAIL: 3 pairs, the candidate is worse\n")
    assert "- a\\|b → c" in text
    assert "advice only" in comparison_markdown(compared(advisory=True), ["a"], ["c"])


def test_a_change_too_small_to_show_has_no_minus() -> None:
    one = row(Finding.NON_INFERIOR)
    assert [one.text(change) for change in (-0.0002, 0.0002, -0.0013, None)] == [
        *("+0.0 %", "+0.0 %", "-0.1 %", "–")
    ]


def test_every_report_is_written_or_none(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    put("run", Verdict.PASS)
    written = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "metrics.txt":
            raise OSError(28, "No space left on device")
        return written(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert execute(("analyze", "run", "--baselines", "rows.toml", "--reports", "r")) == 3
    assert "r/metrics.txt: No space left on device" in capsys.readouterr().err
    assert list(Path("r").iterdir()) == []
