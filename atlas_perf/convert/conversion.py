"""What a converted scenario will do, before it is written down as Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression, to be written as it is; made by us and never from a file's text."""

    text: str


Value: TypeAlias = (
    "str | int | float | bool | Code | Mapping[str, Value] | Sequence[Value] | Text | None"
)
"""What a literal may hold."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string with expressions in it: an f-string once it is written."""

    parts: tuple[str | Code, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """How a request's body is given to `vu.http`: the parameter's name, and its value."""

    parameter: str  # json, data or body
    value: Value


@dataclass(frozen=True, slots=True)
class Kept:
    """A value of an answer that later steps need."""

    variable: str
    path: tuple[str, ...]  # keys of the JSON body, from the outside in


@dataclass(frozen=True, slots=True)
class Step:
    """One request, and the pause after it."""

    title: str  # the name of its check
    method: str
    url: Text
    expected_status: int
    name: str | None = None  # None: the client folds ids itself
    params: Mapping[str, Value] = field(default_factory=dict)
    headers: Mapping[str, Value] = field(default_factory=dict)
    body: Body | None = None
    keeps: Kept | None = None
    follows_redirects: bool = True
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that belong together, one after the other."""

    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """Something that the scenario reads from its environment."""

    name: str  # as in `-e NAME=VALUE`
    meaning: str
    default: str | None = None  # None: it has to be given


@dataclass(frozen=True, slots=True)
class Conversion:
    """A scenario to be written."""

    source: str  # the name of the file it comes from
    kind: str  # har or openapi
    base_url: str
    groups: tuple[Group, ...]
    variables: tuple[Variable, ...] = ()
    notes: tuple[str, ...] = ()  # sentences: what was left out, and what to look at


def left_out_note(counts: Mapping[str, int]) -> str:
    """A sentence on what a scenario does without, and how many of each."""
    return f"Left out: {', '.join(f'{what} × {count}' for what, count in counts.items())}."
