"""The key of a message: a place in its JSON, or whatever a function of the scenario finds in it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

from atlas_perf.protocols.http.json_text import decode_json
from atlas_perf.protocols.ws.inbox import Message

Correlate = str | Callable[[Message], Hashable | None]
"""A place in the JSON of a message, `"payload.id"`, or a function from a message to its key. None,
or no such place, means that the message answers nothing."""


class Document:
    """A message that is read as JSON at most once, whoever asks. It is not trusted to be any."""

    __slots__ = ("_value", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self._value: Any = _UNREAD

    @property
    def value(self) -> Any:
        """The JSON; None if it is none."""
        if self._value is _UNREAD:
            data = self.message.encode() if isinstance(self.message, str) else self.message
            try:
                self._value = decode_json(data)
            except (ValueError, RecursionError):
                self._value = None
        return self._value


_UNREAD = object()


def key_of(document: Document, correlate: Correlate) -> Hashable | None:
    """The key of a message; None if it has none."""
    if callable(correlate):
        return correlate(document.message)
    found = document.value
    try:
        for name in _names(correlate):
            found = found[int(name)] if isinstance(found, list) else found[name]
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    return found if isinstance(found, str | int | float) else None


@lru_cache(maxsize=256)
def _names(place: str) -> tuple[str, ...]:
    return tuple(place.split("."))


def checked_correlate(name: str, correlate: object) -> Correlate:
    """What messages are matched by, if they can be.

    Raises:
        TypeError: if it is neither a place nor a function.
    """
    if callable(correlate) or (isinstance(correlate, str) and correlate):
        return correlate
    raise TypeError(f"{name} is a place in JSON such as 'payload.id', or a function of a message")
