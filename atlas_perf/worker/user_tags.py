"""The tags that scenario code sets: text, whatever it gives, and checked on the line that sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class UserTags(dict[str, str]):
    """A dict whose values become text as they are set, as k6 has it: `tags["page"] = 2`.

    Raises:
        TypeError: for a name that is no text, or a value that is None or no single value, where
            it is set: the line that is wrong is the one that the user is told.
    """

    __slots__ = ()

    def __init__(self, tags: Mapping[str, object] | None = None) -> None:
        super().__init__(tag_texts(tags or {}))

    def __setitem__(self, name: str, value: object) -> None:
        super().__setitem__(name, _text(name, value))

    def __ior__(self, tags: Any) -> UserTags:  # type: ignore[override,misc]  # what dict takes
        self.update(tags)
        return self

    def setdefault(self, name: str, value: object = "") -> str:
        return super().setdefault(name, _text(name, value))

    def update(  # type: ignore[override]  # any value that becomes text
        self, tags: Mapping[str, object] | Iterable[tuple[str, object]] = (), /, **more: object
    ) -> None:
        super().update(tag_texts({**dict(tags), **more}))


def tag_texts(tags: Mapping[str, object]) -> dict[str, str]:
    """The tags with their values as text.

    Raises:
        TypeError: as `UserTags`.
    """
    if not isinstance(tags, Mapping):
        raise TypeError(f"tags are a dict of names and values, not {tags!r}")
    return {name: _text(name, value) for name, value in tags.items()}


def _text(name: object, value: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"the name of a tag is text, not {name!r}")
    if not isinstance(value, str | int | float):
        raise TypeError(f"the tag {name!r} is text or a number, not {value!r}")
    return str(value)
