"""The two streams of the command line: results on stdout, everything else on stderr.

A reader that goes away (`| head`), a full disk or a narrow encoding must never end a run or
change its exit code.
"""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
from typing import TextIO

from atlas_perf.cli.json_log import Level, json_line, message_line
from atlas_perf.report.terminal_text import columns, printable, wrapped

_SAME_WIDTH = str.maketrans("✓✗›↳×·…–≥≤•─│┊┤└▲▼µ→█▏", "+x>>x-~-><o-|:|+^vu>#|")
_NARROW = "atlas_perf.narrow"
_ASK_FOR_COLOUR = ("FORCE_COLOR", "CLICOLOR_FORCE")
_log = {"json": False}


def accept_all_text() -> None:
    """Let both streams take any character: what their encoding lacks is replaced or escaped."""
    codecs.register_error(_NARROW, _narrowed)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_NARROW)


def show(text: str) -> None:
    """Print a result on stdout."""
    _write(sys.stdout, text)


def log_json(*, wanted: bool) -> None:
    """From now on notes are JSON objects, or text as they are at first."""
    _log["json"] = wanted


def logs_json() -> bool:
    """True if notes are JSON objects."""
    return _log["json"]


def say(text: str) -> None:
    """Print a note on stderr: one line, whatever names and messages are in it."""
    _write(sys.stderr, message_line(text) if logs_json() else _fitted(printable(text)))


def _fitted(line: str) -> str:
    """Broken between words where a terminal would break it within one; as it is elsewhere."""
    if not is_terminal(sys.stderr):
        return line
    width = shutil.get_terminal_size().columns
    return line if columns(line) <= width else "\n".join(wrapped(line, width, "  "))


def say_lines(text: str) -> None:
    """Print a text of several lines on stderr, such as a traceback."""
    if logs_json():
        _write(sys.stderr, message_line(text))
    else:
        _write(sys.stderr, "\n".join(map(printable, text.splitlines())))


def log_event(event: str, **fields: object) -> None:
    """Print an object on stderr; only where notes are JSON."""
    _write(sys.stderr, json_line(event, Level.INFO, fields))


def silence(stream: TextIO) -> None:
    """Send what is still to come on a stream nowhere, its unwritten rest included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def is_terminal(stream: TextIO) -> bool:
    """True where a person watches and the cursor can move."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def wants_colour(stream: TextIO) -> bool:
    """Colour on a terminal, and elsewhere where `FORCE_COLOR` or `CLICOLOR_FORCE` asks for it.

    `NO_COLOR`, set to anything, outranks both (see no-color.org and bixense.com/clicolors); a
    value of `0` asks for nothing.
    """
    if os.environ.get("NO_COLOR"):
        return False
    asked = any(os.environ.get(name, "0") not in {"", "0"} for name in _ASK_FOR_COLOUR)
    return asked or is_terminal(stream)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()
    except BrokenPipeError:
        silence(stream)
    except OSError as error:  # a full disk, a terminal that is gone
        silence(stream)
        if stream is sys.stdout:
            say(f"warning: stdout cannot be written: {error.strerror or error}")


def _narrowed(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError), "streams of text are written"
    text = error.object[error.start : error.end].translate(_SAME_WIDTH)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end
