"""What is seen while a run goes on, on a terminal and elsewhere."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace

import pytest

from atlas_perf.cli.progress import (
    LineDisplay,
    LiveDisplay,
    NoDisplay,
    choose_display,
    plain_line,
)
from atlas_perf.model.progress import Progress, RunPhase

COLOUR = re.compile(r"\x1b\[[39]\d")

READING = Progress(
    phase=RunPhase.RUNNING,
    elapsed_s=12.0,
    planned_s=60.0,
    vus=38,
    vus_max=150,
    iterations=412,
    interrupted=0,
    requests=1022,
    requests_per_s=96.24,
    failed_requests=0,
    p95_ms=41.23,
    checks_failed=0,
    workers_alive=2,
    workers=2,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def at(elapsed_s: float, phase: RunPhase = RunPhase.RUNNING, message: str = "") -> Progress:
    return replace(READING, elapsed_s=elapsed_s, phase=phase, message=message)


def test_a_plain_line_has_every_number_worth_watching() -> None:
    assert plain_line(READING) == (
        "running 12s of 1m00s, 38/150 VUs, 412 iterations, 96.2 req/s, p95 41.2 ms, 0 failed, "
        "2/2 workers"
    )


def test_what_is_not_there_is_not_printed_and_trouble_is() -> None:
    early = replace(READING, p95_ms=None, checks_failed=3, interrupted=2, planned_s=7384.0)
    assert plain_line(early) == (
        "running 12s of 2h03m04s, 38/150 VUs, 412 iterations, 96.2 req/s, 0 failed, "
        "3 checks failed, 2 interrupted, 2/2 workers"
    )


def test_the_open_model_has_the_response_time_beside_the_service_time() -> None:
    assert "p95 41.2 ms, response p95 310 ms, 0 failed" in plain_line(
        replace(READING, response_p95_ms=310.4)
    )


def test_the_phase_of_the_load_is_named_with_what_is_left_of_it() -> None:
    ramp = replace(READING, load_phases=("ramp",), phase_left_s=17.2)
    assert plain_line(ramp).startswith("ramp, 18s left, 12s of 1m00s, 38/150 VUs")
    two = replace(READING, load_phases=("warm-up", "steady"), phase_left_s=3.0)
    assert plain_line(two).startswith("warm-up + steady, 3s left, 12s of 1m00s")


def test_what_was_dropped_and_a_generator_that_is_late_are_told() -> None:
    line = plain_line(replace(READING, dropped=7, loop_lag_ms=83.4))
    assert ", 7 dropped, " in line
    assert line.endswith("2/2 workers, generator 83 ms late")
    assert "late" not in plain_line(replace(READING, loop_lag_ms=19.0))


def test_a_run_that_outlasts_its_plan_says_so() -> None:
    late = replace(READING, elapsed_s=63.0, phase=RunPhase.STOPPING)
    assert plain_line(late).startswith("stopping 1m03s (planned 1m00s), 38/150 VUs")


def test_lines_come_every_five_seconds_and_at_each_new_phase(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with LineDisplay("api") as display:
        display.update(at(0, RunPhase.SETUP))
        for second in range(13):
            display.update(at(second * 1.02))  # readings are never quite on time
        display.update(at(13, RunPhase.TEARDOWN))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [line.split(",")[0] for line in printed.err.splitlines()] == [
        "api: setup",
        "api: running",
        "api: running 5s of 1m00s",
        "api: running 10s of 1m00s",
        "api: teardown",
    ]


def test_a_message_is_never_held_back(capsys: pytest.CaptureFixture[str]) -> None:
    for display in (LineDisplay("api"), NoDisplay("api")):
        display.update(at(1))
        capsys.readouterr()
        display.update(at(2, message="worker 2 died"))
        assert "api: worker 2 died" in capsys.readouterr().err


def test_quiet_prints_no_readings(capsys: pytest.CaptureFixture[str]) -> None:
    with NoDisplay("api") as display:
        display.update(READING)
    assert capsys.readouterr() == ("", "")


def test_the_live_display_draws_in_place_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with LiveDisplay("api") as display:
        display.update(at(12))
        display.update(at(13, message="worker 2 [died]"))
    drawn = terminal.getvalue()
    assert "running  12s of 1m00s" in drawn
    assert "38/150 VUs, 412 iterations" in drawn
    assert "api: worker 2 [died]" in drawn
    assert drawn.rstrip("\r\n").endswith("\x1b[2K")  # the last thing done is erasing a line


@pytest.mark.parametrize("columns", [30, 50, 80, 100, 200])
def test_a_narrow_terminal_has_two_lines_as_well(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with LiveDisplay("api") as display:
        display.update(replace(READING, load_phases=("ramp-down",), phase_left_s=8.0))
        before = len(terminal.getvalue())
        display.update(replace(READING, load_phases=("ramp-down",), phase_left_s=7.0))
        drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()[before:])
    lines = [line.strip("\r") for line in drawn.split("\n")]
    assert len(lines) == 2
    assert all(len(line) <= columns for line in lines)
    assert lines[0].startswith("api  ramp-down, 7s left")


def test_no_color_leaves_the_live_display_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    drawn = {}
    for no_color in ("", "1"):
        monkeypatch.setenv("NO_COLOR", no_color)
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        with LiveDisplay("api") as display:
            display.update(READING)
        drawn[no_color] = terminal.getvalue()
    assert COLOUR.search(drawn[""])
    assert not COLOUR.search(drawn["1"])


@pytest.mark.parametrize(
    ("terminal", "variables", "quiet", "kind"),
    [
        (True, {}, False, LiveDisplay),
        (True, {"NO_COLOR": "1"}, False, LiveDisplay),
        (True, {"CI": "true"}, False, LineDisplay),
        (True, {"TERM": "dumb"}, False, LineDisplay),
        (False, {}, False, LineDisplay),
        (True, {}, True, NoDisplay),
    ],
)
def test_the_display_suits_the_place(
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
    variables: dict[str, str],
    quiet: bool,
    kind: type,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    assert type(choose_display("api", quiet=quiet)) is kind
