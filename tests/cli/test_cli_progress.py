"""What is seen while a run goes on, on a terminal and elsewhere."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace

import pytest

from atlas_perf.cli.live_display import LiveDisplay, sparkline
from atlas_perf.cli.progress import LineDisplay, NoDisplay, choose_display
from atlas_perf.model.progress import GeneratorHealth, Progress, RunPhase

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


TROUBLE = replace(
    READING,
    load_phases=("steady",),
    phase_left_s=38.0,
    planned_per_s=50.0,
    started_per_s=31.0,
    response_p95_ms=912.0,
    dropped=7,
    failed_requests=12,
    checks_failed=31,
    workers_alive=1,
    health=GeneratorHealth(loop_lag_ms=83.4),
)

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn_lines(monkeypatch: pytest.MonkeyPatch, columns: int, *readings: Progress) -> list[str]:
    """What a terminal of this width shows after the last reading."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with LiveDisplay("api") as display:
        for reading in readings:
            before = len(terminal.getvalue())
            display.update(reading)
        drawn = ESCAPE.sub("", terminal.getvalue()[before:])
    return [line.strip("\r") for line in drawn.split("\n")]


def at(elapsed_s: float, phase: RunPhase = RunPhase.RUNNING, message: str = "") -> Progress:
    return replace(READING, elapsed_s=elapsed_s, phase=phase, message=message)


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
    assert [line.partition(" of ")[0] for line in printed.err.splitlines()] == [
        "api: setup",
        "api: running",
        "api: running, 5s",
        "api: running, 10s",
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
    plain = ESCAPE.sub("", drawn)
    assert "running  12s of 1m00s, 48s left" in plain
    assert "users 38/150   iterations 412   requests 96.2/s   p95 41.2 ms" in plain
    assert "errors 0" in plain
    assert "generator ok, 2/2 workers" in plain
    assert "api: worker 2 [died]" in drawn
    assert drawn.rstrip("\r\n").endswith("\x1b[2K")  # the last thing done is erasing a line


@pytest.mark.parametrize("reading", [READING, TROUBLE], ids=["well", "trouble"])
@pytest.mark.parametrize("columns", [30, 60, 80, 100, 140, 200])
def test_whatever_its_width_no_line_of_a_terminal_is_broken(
    monkeypatch: pytest.MonkeyPatch, columns: int, reading: Progress
) -> None:
    lines = drawn_lines(monkeypatch, columns, reading)
    assert len(lines) <= 5
    assert all(len(line) <= columns for line in lines)
    assert lines[0].startswith(f"api  {'steady' if reading is TROUBLE else 'running'}")
    if columns >= 60:
        text = " ".join(" ".join(lines).split())
        for word in ("12s of 1m00s, 48s left", "users 38/150", "requests 96.2/s", "p95 41.2 ms"):
            assert word in text
        trouble = ("rate 31.0 of 50.0/s", "dropped 7", "errors 12 (1.2 %)", "83 ms late, 1/2")
        for word in trouble if reading is TROUBLE else ("errors 0", "generator ok, 2/2 workers"):
            assert word in text


def test_nothing_on_the_terminal_moves_when_a_number_gets_shorter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = replace(READING, requests_per_s=1234.5, p95_ms=1234.0)
    first, then = (
        drawn_lines(monkeypatch, 80, long, one)[1].index("errors") for one in (long, READING)
    )
    assert first == then


def test_a_wide_terminal_has_the_seconds_before_beside_the_percentile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readings = [
        replace(READING, elapsed_s=float(at), p95_ms=took)
        for at, took in enumerate([10.0, 40.0, 80.0, 20.0], 1)
    ]
    assert "p95 20.0 ms ▂▅█▃ " in "".join(drawn_lines(monkeypatch, 140, *readings))
    assert "█" not in "".join(drawn_lines(monkeypatch, 80, *readings))


@pytest.mark.parametrize(
    ("values", "drawn"), [([], ""), ([0.0, 0.0], "▁▁"), ([1.0, 4.0, 8.0], "▂▅█")]
)
def test_a_sparkline_is_as_high_as_its_greatest(values: list[float], drawn: str) -> None:
    assert sparkline(values) == drawn


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
