"""What is wrong with `options`, and where in it, before anyone knows the line."""

from __future__ import annotations

import re

OptionPath = tuple[str | int, ...]
"""Keys and indexes from `options` inwards, as the user wrote them."""

_LONGEST_VALUE = 60
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class OptionProblem(Exception):
    """One option that cannot be used; `path` leads to it."""

    def __init__(self, path: OptionPath, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.places: tuple[tuple[str, int], ...] = ()
        """Files and lines of code that is to blame rather than the option, innermost last."""


def written(path: OptionPath) -> str:
    """A path as people write it: `stages[1].target`, `thresholds["http_reqs"][0]`."""
    if not path:
        return "options"
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def expected(path: OptionPath, what: str, found: object) -> OptionProblem:
    """The problem of a value that is not `what` the option takes."""
    return OptionProblem(path, f"`{written(path)}` must be {what}, not {_shown(found)}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
