"""The two streams of the command line: results on stdout, everything else on stderr.

A reader that goes away (`| head`) must never end a run or change its exit code.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO


def show(text: str) -> None:
    """Print a result on stdout."""
    _write(sys.stdout, text)


def say(text: str) -> None:
    """Print a note on stderr."""
    _write(sys.stderr, text)


def silence(stream: TextIO) -> None:
    """Send what is still to come on a stream nowhere, its unwritten rest included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def is_terminal(stream: TextIO) -> bool:
    """True where a person watches and the cursor can move."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def wants_colour(stream: TextIO) -> bool:
    """Colour on a terminal, unless `NO_COLOR` is set to anything (see no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()
    except BrokenPipeError:
        silence(stream)
