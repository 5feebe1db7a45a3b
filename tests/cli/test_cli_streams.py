"""Where there is colour, and how a note fits a terminal."""

from __future__ import annotations

import io

import pytest

from atlas_perf.cli.streams import say, wants_colour


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "in_a_pipe", "on_a_terminal"),
    [
        ({}, False, True),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"FORCE_COLOR": "0", "CLICOLOR_FORCE": ""}, False, True),
        ({"FORCE_COLOR": "3", "NO_COLOR": "1"}, False, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour_is_where_it_is_seen_or_asked_for(
    variables: dict[str, str],
    *,
    in_a_pipe: bool,
    on_a_terminal: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(io.StringIO()) is in_a_pipe
    assert wants_colour(Terminal()) is on_a_terminal


def test_a_note_is_broken_between_words_on_a_terminal_and_left_whole_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    for stream, lines in ((Terminal(), 3), (io.StringIO(), 1)):
        monkeypatch.setattr("sys.stderr", stream)
        say("warning: shop: nothing proves anything")
        told = stream.getvalue()
        assert len(told.splitlines()) == lines
        assert told.split() == ["warning:", "shop:", "nothing", "proves", "anything"]
