"""Finding figures in what a tool prints."""

from __future__ import annotations

import re

from benchmarks.peers.subject import UnreadableReport


def figure(pattern: str, text: str) -> str:
    """The first group of the first match.

    Raises:
        UnreadableReport: there is none.
    """
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise UnreadableReport(f"nothing matches {pattern!r}")
    return match[1]


def figure_or_none(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return None if match is None else match[1]
