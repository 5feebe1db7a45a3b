"""`--log-format json`: every line on stderr is an object of the schema, whatever happens."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from atlas_perf.cli.progress import JsonDisplay, choose_display
from atlas_perf.cli.streams import log_json, say, say_lines
from atlas_perf.model.progress import Exchanges, GeneratorHealth, Progress, RunPhase

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/schemas/log.schema.json").read_text(encoding="utf-8")
)
FINE = "async def default(vu):\n    await vu.http.get('/actuator/health')\n"
READING = Progress(RunPhase.RUNNING, 5.2, 60.0, 3, 6, 50, 1, 70, 8.5, 2, 9.0, 1, 1, 2)
OPEN = replace(
    READING,
    elapsed_s=61.0,
    load_phases=("steady",),
    planned_per_s=50.0,
    started_per_s=49.0,
    response_p95_ms=12.0,
    dropped=3,
    health=GeneratorHealth(83.0, 0.9, 0.1, 0.0, 4.0),
    exchanges=Exchanges(ws_sessions=9, ws_msgs_sent=70, ws_msgs_sent_per_s=35.0, ws_rtt_p95_ms=4.5),
)


@pytest.fixture(autouse=True)
def _text_again():
    yield
    log_json(wanted=False)


def objects(stderr: str) -> list[dict[str, Any]]:
    """The lines, each held against the schema."""
    Draft202012Validator.check_schema(SCHEMA)
    found = [json.loads(line) for line in stderr.splitlines()]
    for one in found:
        Draft202012Validator(SCHEMA).validate(one)
        assert one["time"].endswith("Z")
    return found


def test_a_run_tells_its_phases_and_its_verdict(atlas_perf, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(FINE)
    run = atlas_perf(
        *("run", "mine.py", "-i", "2", "-p", "1", "--environment", "embedded"),
        *("--log-format", "json"),
    )
    assert run.exit_code == 0, run.stderr
    assert "PASS" in run.stdout
    first, *phases, last = objects(run.stderr)
    assert (first["event"], first["level"]) == ("message", "info")
    assert first["message"].startswith("mine: up to 1 VU for at most")
    assert {one["event"] for one in phases} == {"phase"}
    assert [one["phase"] for one in phases][-3:] == ["running", "teardown", "finished"]
    (folder,) = (tmp_path / "results").iterdir()
    assert (last["event"], last["run"], last["verdict"], last["exit_code"], last["results"]) == (
        *("verdict", "mine", "PASS", 0),
        f"results/{folder.name}",
    )


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_a_refusal_is_an_object_too(atlas_perf, monkeypatch, by: str) -> None:
    if by == "variable":
        monkeypatch.setenv("ATLAS_PERF_LOG_FORMAT", "json")
    asked = ("--log-format", "json") if by == "flag" else ()
    wrongs = {
        ("--vus", "none"): "see 'atlas-perf run --help'",
        ("--nonsense",): "no such option '--nonsense'",
    }
    for wrong, told in wrongs.items():
        run = atlas_perf("run", "smoke", *wrong, *asked)
        assert run.exit_code == 2
        (refusal,) = objects(run.stderr)
        assert refusal["level"] == "error"
        assert told in refusal["message"]
    assert atlas_perf("run", "nowhere.py", "--log-format", "text").stderr.startswith("atlas-perf: ")


def test_readings_come_as_objects_as_often_as_lines(capsys) -> None:
    log_json(wanted=True)
    with choose_display("api", quiet=False) as display:
        assert isinstance(display, JsonDisplay)
        display.update(READING)
        display.update(replace(READING, elapsed_s=6.2))
        display.update(replace(OPEN, message="worker 1 was lost"))
    began, first, message, second = objects(capsys.readouterr().err)
    assert (began["event"], began["run"], began["phase"]) == ("phase", "api", "running")
    assert (first["iterations_planned_per_s"], first["iterations_started_per_s"]) == (None, None)
    assert (first["left_s"], first["p95_ms"], first["generator"]) == (54.8, 9.0, "ok")
    assert message["message"] == "api: worker 1 was lost"
    assert (second["iterations_planned_per_s"], second["iterations_started_per_s"]) == (50.0, 49.0)
    assert (second["left_s"], second["generator"], second["loop_lag_ms"]) == (0, "83 ms late", 83)
    assert (first["ws_msgs_sent_per_s"], second["ws_msgs_sent_per_s"]) == (0, 35.0)
    assert (second["ws_msgs_sent"], second["ws_rtt_p95_ms"]) == (70, 4.5)


def test_quiet_leaves_what_must_be_known(capsys) -> None:
    log_json(wanted=True)
    with choose_display("api", quiet=True) as display:
        display.update(READING)
        display.update(replace(READING, message="worker 1 was lost"))
    (only,) = objects(capsys.readouterr().err)
    assert only["message"] == "api: worker 1 was lost"


def test_a_note_says_how_grave_it_is_and_stays_one_line(capsys) -> None:
    log_json(wanted=True)
    say("warning: \x1b[31mred\n\u2028PASS")
    say("error: the disk is full")
    say("atlas-perf: no such file")
    say_lines("Traceback:\n  one\n  two")
    printed = capsys.readouterr().err
    assert printed.isascii()
    assert [(one["level"], one["message"]) for one in objects(printed)] == [
        ("warning", "\x1b[31mred\n\u2028PASS"),
        ("error", "the disk is full"),
        ("error", "no such file"),
        ("info", "Traceback:\n  one\n  two"),
    ]


def test_a_terminal_gets_no_drawing(monkeypatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    log_json(wanted=True)
    assert type(choose_display("api", quiet=False)) is JsonDisplay
