"""Secret values in the rows of feeds, as far as a text says them.

A column whose name says that it is secret is one, by the rule for variables. Rows may be millions
and are not kept; so the files are read again when a report is made, and of their values only those
found that the report would show.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from atlas_perf.errors import UsageError
from atlas_perf.judge.redact import SHORTEST_VALUE, is_secret_name, written_forms
from atlas_perf.model.feed import FeedPlan, RowFormat
from atlas_perf.scripting.row_file import RowFile

_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")  # the same in every URL


def shown_row_secrets(feeds: Iterable[FeedPlan], report: Any) -> tuple[str, ...]:
    """Secret values of the feeds' rows that the texts of a report hold, longest first.

    Args:
        report: any value type with texts in it, such as a `Summary`.
    """
    read = [feed for feed in feeds if feed.file]
    if not read:
        return ()
    text = "\n".join(set(_texts(report)))
    # A text holds a value only if it holds the value's beginning and its end: most values are
    # ruled out by two look-ups, however long the report is.
    pieces = {text[start : start + SHORTEST_VALUE] for start in range(len(text))}
    shown = {
        value
        for feed in read
        for value in _secrets(feed)
        if value[-SHORTEST_VALUE:] in pieces and value[:SHORTEST_VALUE] in pieces and value in text
    }
    return tuple(sorted(shown, key=lambda value: (-len(value), value)))


def _secrets(feed: FeedPlan) -> Iterator[str]:
    # A file that is gone by now has said all it will say of itself.
    with suppress(UsageError):
        rows = RowFile(Path(feed.file), feed.layout, feed.name)
        is_secret = cache(is_secret_name)
        if feed.layout.format is RowFormat.CSV and not any(map(is_secret, rows.columns)):
            return
        for row in rows:
            for value in _secrets_of(row, is_secret):
                yield from (value,) if _PLAIN.fullmatch(value) else written_forms(value)


def _secrets_of(row: Any, is_secret: Any) -> Iterator[str]:
    if not isinstance(row, Mapping):
        return
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _secrets_of(value, is_secret)
        elif isinstance(value, str) and len(value) >= SHORTEST_VALUE and is_secret(name):
            yield value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Enum):
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _texts(getattr(value, field.name))
