"""What scenario code prints, kept from harming the iteration that prints it."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


class PatientStream(io.TextIOWrapper):
    """Takes any text, line by line; one that leads nowhere any more swallows the rest."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:  # a full disk, a reader or a terminal that is gone
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(text)


def make_printing_harmless() -> None:
    """Replace this process' stdout and stderr. Workers share them: there are no half lines."""
    sys.stdout = _patient(sys.stdout)
    sys.stderr = _patient(sys.stderr)


def _patient(stream: TextIO) -> PatientStream:
    raw = io.BufferedWriter(io.FileIO(stream.fileno(), "wb", closefd=False))
    return PatientStream(
        raw, encoding=stream.encoding, errors="backslashreplace", line_buffering=True
    )
