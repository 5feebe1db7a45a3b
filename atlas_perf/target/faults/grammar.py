"""The form of one fault, `latency:lognormal(50ms,0.5)@runs.list,share=5%`, before its meaning.

fault      ::= kind [ ":" argument ] [ "@" operations ] { "," option }
kind       ::= "latency" | "error" | …                        the table of `kinds.py`
argument   ::= what the kind asks for: a DELAY, a status, a RATE, a word
operations ::= operation { "+" operation }
operation  ::= "*" | NAME "." "*" | NAME                      runs.create, tasks.*
option     ::= "share=" PERCENT                               strikes this part, at random
             | "after=" DURATION | "for=" DURATION            when, from the order on
             | "every=" DURATION                              again, for what takes a while
             | "over=" ("queue" | "refuse")                   what a ceiling does
             | "most=" DELAY-or-SIZE                          where growth stops

DELAY      ::= DURATION
             | "uniform(" DURATION "," DURATION ")"           least, most
             | "exponential(" DURATION ")"                    mean
             | "lognormal(" DURATION "," NUMBER ")"           median, sigma
RATE       ::= NUMBER "/s"
GROWTH     ::= ( DURATION | SIZE ) "/" ( "s" | "request" )
PERCENT    ::= NUMBER "%"
SIZE       ::= NUMBER ( "B" | "kB" | "MB" | "GB" )
DURATION   ::= as everywhere: 200ms, 1.5s, 1m30s
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

OPTIONS = ("share", "after", "for", "every", "over", "most")

_HEAD = re.compile(
    r"(?P<kind>[a-z-]+)(?::(?P<argument>[^@]+))?(?:@(?P<operations>[a-z0-9_.*+-]+))?"
)
_COMMA_OUTSIDE = re.compile(r",(?![^()]*\))")


class FaultSpecError(ValueError):
    """A fault that cannot be read; one sentence that says what is allowed."""


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One fault taken apart; what its parts mean is its kind's matter."""

    text: str
    kind: str
    argument: str | None
    operations: tuple[str, ...]  # as written; empty where none is named
    options: Mapping[str, str]


def take_apart(text: str) -> FaultSpec:
    """Split a fault into its parts.

    Raises:
        FaultSpecError: it has not the form above.
    """
    compact = "".join(text.split())
    head, *rest = _COMMA_OUTSIDE.split(compact)
    match = _HEAD.fullmatch(head)
    if match is None:
        raise FaultSpecError(
            f"fault {text!r} has not the form KIND[:ARGUMENT][@OPERATION][,share=5%]"
            "[,after=10s][,for=5s]"
        )
    return FaultSpec(
        text=compact,
        kind=match["kind"],
        argument=match["argument"],
        operations=tuple(match["operations"].split("+")) if match["operations"] else (),
        options=_options(text, rest),
    )


def _options(text: str, written: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for pair in written:
        name, _, value = pair.partition("=")
        if name not in OPTIONS or not value:
            raise FaultSpecError(
                f"fault {text!r}: {pair!r} is no option: use "
                f"{', '.join(f'{option}=' for option in OPTIONS)}"
            )
        if name in options:
            raise FaultSpecError(f"fault {text!r}: {name}= is there twice")
        options[name] = value
    return options
