"""Choices in sentences: all there are, or the one a user probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LEAST_BEGINNING = 3


def alternatives(choices: Iterable[str], separator: str = ", ") -> str:
    """`a, b or c`.

    Raises:
        ValueError: if there is no choice.
    """
    *most, last = choices
    return f"{separator.join(most)} or {last}" if most else last


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, whatever the case of its letters; None if none is close.

    A beginning of one name only is that name, however much is missing: `prod`.
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    matches = get_close_matches(name.lower(), by_lower, n=1)
    if not matches and len(name) >= _LEAST_BEGINNING:
        begun = [lower for lower in by_lower if lower.startswith(name.lower())]
        matches = begun if len(begun) == 1 else []
    return by_lower[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`: did you mean 'x'?` to end a sentence with, or nothing if no known name is close."""
    match = nearest(name, known)
    return "" if match is None else f": did you mean {match!r}?"
