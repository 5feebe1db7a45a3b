"""Which earlier runs a page shows beside its own, and that nothing that lies about can hurt it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_runs import FACTS, interrupted, run, window, write

from atlas_perf.history import earlier_runs as module
from atlas_perf.history import run_places
from atlas_perf.history.earlier_runs import MOST_RUNS, earlier_runs
from atlas_perf.history.kept_files import Said
from atlas_perf.history.store import Store
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.summary import CriterionState, ThresholdResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.results_folder import ResultsFolder
from atlas_perf.report.run_outcomes import NO_EARLIER_RUNS, EarlierRuns

P95 = ("http_req_duration", "p(95)<500")


def criterion(value: float | None = 12.5, state=CriterionState.PASSED) -> ThresholdResult:
    return ThresholdResult(*P95, state, value, 500.0, "ms")


def put(results: Path, day: float, *, name: str = "", **changes) -> Path:
    changes.setdefault("thresholds", (criterion(10.0 + day),))
    files = run(day, **changes)
    began = datetime.fromisoformat(files.summary.started_at)
    stamped = f"{began.astimezone(UTC):%Y%m%dT%H%M%SZ}-{files.summary.name}"
    return write(results / (name or stamped), files)


def seen_by(results: Path, day: float, **changes) -> EarlierRuns:
    """What the page of the run of that day would show."""
    return earlier_runs(results / "this", run(day, **changes).summary)


def values(earlier: EarlierRuns) -> list[float | None]:
    return [one.criteria[P95].value for one in earlier.runs]


def test_runs_before_this_one_are_told_the_oldest_first(tmp_path):
    for day in (3, 1, 2, 6):
        put(tmp_path, day)
    put(tmp_path, 4, name="made-by-hand")
    os.utime(tmp_path / "made-by-hand" / "summary.json", (0, 0))
    this = put(tmp_path, 5)
    found = earlier_runs(this, run(5).summary)
    assert values(found) == [11.0, 12.0, 13.0, 14.0]
    assert [one.place for one in found.runs][-1] == "made-by-hand"
    assert replace(found, runs=()) == NO_EARLIER_RUNS


def test_runs_of_other_scenarios_are_no_matter(tmp_path):
    put(tmp_path, 1, **{"name": "20260902T030000Z-apish"})
    write(tmp_path / "20260903T030000Z-smoke", run(2, name="smoke"))
    write(tmp_path / "20260904T030000Z-api-two", run(3, name="api two"))
    assert [one.place for one in seen_by(tmp_path, 9).runs] == ["20260902T030000Z-apish"]


def test_a_run_that_had_not_ended_when_this_one_began_is_not_before_it(tmp_path):
    put(tmp_path, 1)
    assert seen_by(tmp_path, 1 + 30 / 86_400) == NO_EARLIER_RUNS
    assert len(seen_by(tmp_path, 1 + 50 / 86_400).runs) == 1


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"file_sha256": "1" * 64}, "scenario file (SHA-256) 111111111111 and 000000000000"),
        ({"facts": {"cpu_count": 4}}, "number of CPUs 4 and 2"),
        ({"facts": {"environment": "local"}}, "environment local and staging"),
        ({"plan": {"processes": 2, "scenarios": [{"vus": 9}]}}, "plan (scenarios[0]"),
        ({"windows": (window(0, started_arrivals=90),)}, "offered load, 90 and 0 iterations"),
    ],
)
def test_unlike_runs_are_left_out_and_counted(tmp_path, changes, difference):
    put(tmp_path, 1, **changes)
    put(tmp_path, 2)
    found = seen_by(tmp_path, 9)
    assert (len(found.runs), found.unlike) == (1, 1)
    assert found.difference.startswith(difference)


def test_without_an_environment_another_target_is_another_line(tmp_path):
    nowhere = {"environment": "", "target": "http://a"}
    put(tmp_path, 1, facts={**nowhere, "target": "http://b"})
    put(tmp_path, 2, facts=nowhere)
    found = seen_by(tmp_path, 9, facts=nowhere)
    assert (len(found.runs), found.difference) == (1, "target http://b and http://a")


def test_runs_that_prove_nothing_are_left_out(tmp_path):
    put(tmp_path, 1, verdict=Verdict.INVALID)
    put(tmp_path, 2, **interrupted())
    put(tmp_path, 3, verdict=Verdict.FAIL, thresholds=(criterion(900, CriterionState.FAILED),))
    found = seen_by(tmp_path, 9)
    assert (values(found), found.worthless) == ([900], 2)


def test_a_kept_run_is_one_with_its_results(tmp_path):
    store = tmp_path / "store"
    for day in (1, 2):
        Store(store).keep(run(day, thresholds=(criterion(10.0 + day),)), Said("v1"))
    put(tmp_path / "results", 2)
    found = earlier_runs(tmp_path / "results" / "this", run(9).summary, (store,))
    assert values(found) == [11.0, 12.0]
    assert "v1" in found.runs[0].place


def test_no_more_are_read_than_are_wanted(tmp_path, monkeypatch):
    for day in range(MOST_RUNS + 5):
        put(tmp_path, day)
    found = seen_by(tmp_path, 99)
    assert values(found) == [10.0 + day for day in range(5, MOST_RUNS + 5)]
    monkeypatch.setattr(module, "MOST_READ", 3)
    assert len(seen_by(tmp_path, 99).runs) == 3
    monkeypatch.setattr(module, "MOST_READ", 99)
    monkeypatch.setattr(module, "MOST_BYTES_READ", 1)
    assert len(seen_by(tmp_path, 99).runs) == 1
    monkeypatch.setattr(run_places, "MOST_FOLDERS", 0)
    assert seen_by(tmp_path, 99) == NO_EARLIER_RUNS


def test_what_cannot_be_read_costs_only_itself(tmp_path):
    put(tmp_path, 1)
    sound = json.loads((put(tmp_path, 2) / "summary.json").read_text())
    hostile = {
        "text": "not json",
        "list": "[]",
        "null": "null",
        "deep": "[" * 100_000,
        "version": json.dumps({**sound, "schema_version": "²"}),
        "number": json.dumps(sound).replace("12.0", "1e999"),
        "long": json.dumps(sound).replace('"measured_s": 40.0', '"measured_s": 1' + "0" * 400),
        "count": json.dumps({**sound, "windows": [{"started_arrivals": 10**400}]}),
        "windows": json.dumps({**sound, "windows": {"a": 1}}),
        "date": json.dumps({**sound, "started_at": "yesterday"}),
        "years": json.dumps({**sound, "started_at": "9999-01-01T00:00:00Z", "measured_s": 1e17}),
        "latin": b'{"a": "\xff"}',
    }
    for name, text in hostile.items():
        folder = tmp_path / f"20260903T030000Z-api-{name}"
        folder.mkdir()
        content = text if isinstance(text, bytes) else text.encode()
        (folder / "summary.json").write_bytes(content)
    (tmp_path / "20260903T030000Z-api-folder" / "summary.json").mkdir(parents=True)
    pipe = tmp_path / "20260903T030000Z-api-pipe"
    pipe.mkdir()
    os.mkfifo(pipe / "summary.json")
    huge = tmp_path / "20260903T030000Z-api-huge"
    huge.mkdir()
    with (huge / "summary.json").open("wb") as file:
        file.truncate(run_places.MOST_BYTES + 1)
    (tmp_path / "20260903T030000Z-api-loop").symlink_to("20260903T030000Z-api-loop")
    (tmp_path / "20260903T030000Z-api-empty").mkdir()
    found = seen_by(tmp_path, 9)
    assert values(found) == [11.0, 12.0]
    assert found.unreadable == len(hostile) + 3


def test_a_run_without_a_date_has_none_before_it(tmp_path):
    put(tmp_path, 1)
    assert seen_by(tmp_path, 2, started_at="") == NO_EARLIER_RUNS


def test_the_page_is_the_same_when_it_is_made_again(tmp_path, atlas_perf):
    """By `run`, which knows the summary, and by `report`, which reads it."""
    for day in (1, 2):
        put(Path("results"), day)
    summary = run(3, facts=replace(FACTS), thresholds=(criterion(),)).summary
    folder = ResultsFolder.create_as(Path("results"), "20260904T030000Z-api")
    kept = RunSketches("", ())
    folder.write(summary, kept, earlier_runs(folder.path, summary))
    page = (folder.path / "report.html").read_text()
    assert "2 earlier runs like this one are beside it." in page
    assert atlas_perf("report", str(folder.path)).stderr == ""
    assert (folder.path / "report.html").read_text() == page
