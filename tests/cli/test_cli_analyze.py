"""`atlas-perf analyze` on results folders: good ones, and every kind that must not pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from summaries import made_summary

from atlas_perf.model.baseline import BaselineReport, BaselineResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.summary_json import summary_to_json

ROWS = """
version = 1

[[baseline]]
component = "API"
name = "p95 latency"
scenario = "api"
metric = "http_req_duration"
aggregation = "p(95)"
limit = "< 500"
unit = "ms"
minimum_samples = 100
"""


def run_of(name="api", verdict=Verdict.PASS, *, value_ms=400.0, day=23):
    row = BaselineResult(
        component="API",
        name="p95 latency",
        scenario=name,
        selector="http_req_duration",
        expression="p(95) < 500",
        limit=500.0,
        unit="ms",
        verdict=Verdict.PASS if value_ms < 500 else Verdict.FAIL,
        value=value_ms,
        at_least=False,
        low=None,
        high=None,
        margin=(500 - value_ms) / 500,
        samples=100,
        minimum_samples=100,
        reason="" if value_ms < 500 else "http_req_duration: p(95) broke the limit.",
    )
    return replace(
        made_summary(name, verdict),
        started_at=f"2026-11-{day}T14:00:00Z",
        baselines=BaselineReport("b.toml", 1, (row,)),
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("b.toml").write_text(ROWS)
    return tmp_path


def put(folder, text):
    path = Path(folder)
    path.mkdir(parents=True)
    (path / "summary.json").write_text(text if isinstance(text, str) else summary_to_json(text))
    return str(path)


def last_line(outcome):
    return outcome.stdout.splitlines()[-1].strip()


def test_a_run_that_held_its_rows_passes(atlas_perf):
    outcome = atlas_perf("analyze", put("results/a", run_of()), "--baselines", "b.toml")
    assert (outcome.exit_code, last_line(outcome)) == (0, "✓ PASS  1 of 1 rows held")
    assert "✓ API p95 latency  < 500 ms  400 ms" in outcome.stdout


def test_the_newest_run_of_each_scenario_counts(atlas_perf):
    put("results/a", run_of(value_ms=600, day=22))
    put("results/b", run_of(day=23))
    assert atlas_perf("analyze", "results", "--baselines", "b.toml").exit_code == 0
    put("results/c", run_of(value_ms=600, day=24))
    assert atlas_perf("analyze", "results", "--baselines", "b.toml").exit_code == 1


def test_an_empty_folder_is_no_data(atlas_perf):
    Path("results").mkdir()
    outcome = atlas_perf("analyze", "results", "--baselines", "b.toml")
    assert outcome.exit_code == 4
    assert "results holds no run: there is no summary.json in it." in outcome.stdout


NEWER = summary_to_json(run_of()).replace('"schema_version": "1.0"', '"schema_version": "2.0"')
OLDER = NEWER.replace('"2.0"', '"0.9"')


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no record of a run: the summary is not JSON"),
        ("{}", "it has no schema_version"),
        (NEWER, "the summary has schema version 2.0, this atlas-perf reads 1.0: upgrade"),
        (
            OLDER,
            "the summary has schema version 0.9, this atlas-perf reads 1.0: run the test again",
        ),
        (run_of(verdict=Verdict.INVALID), "proves nothing: The one criterion was met."),
    ],
    ids=["torn", "of something else", "newer", "older", "not finished"],
)
def test_a_record_that_cannot_be_trusted_is_invalid(atlas_perf, text, sentence):
    put("results/a", run_of())
    bad = put("results/b", text)
    outcome = atlas_perf("analyze", "results/a", bad, "--baselines", "b.toml")
    assert outcome.exit_code == 3
    assert sentence in " ".join(outcome.stdout.split())
    assert "Traceback" not in outcome.stdout + outcome.stderr


def test_a_scenario_without_baselines_is_no_baseline(atlas_perf):
    outcome = atlas_perf("analyze", put("results/a", run_of("mine")), "--baselines", "b.toml")
    assert outcome.exit_code == 4
    assert "b.toml has no baseline for 'mine'" in outcome.stdout
    assert last_line(outcome).startswith("? NO_BASELINE")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "there is no results folder nowhere"),
        (["."], "b2.toml: the file has version 2"),
        ([".", "--scenario", "apy"], "no baseline belongs to scenario 'apy': did you mean 'api'?"),
    ],
)
def test_wrong_usage_is_one_sentence(atlas_perf, arguments, sentence):
    Path("b2.toml").write_text(ROWS.replace("version = 1", "version = 2"))
    file = "b2.toml" if arguments == ["."] else "b.toml"
    outcome = atlas_perf("analyze", *arguments, "--baselines", file)
    assert outcome.exit_code == 2
    assert sentence in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def test_without_a_file_the_shipped_rows_are_asked(atlas_perf):
    outcome = atlas_perf("analyze", put("results/a", run_of()))
    assert outcome.exit_code == 4
    assert "No run of scenario websocket was given" in outcome.stdout
