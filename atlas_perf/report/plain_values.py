"""Frozen value types to plain JSON values and back, by their type hints.

Enums become their values, tuples lists, mappings objects. Reading checks every type, ignores
fields it does not know (a newer minor version has added them) and names the place of an error.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def to_plain(value: Any) -> Any:
    """A JSON-able copy of a value type."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: Any, plain: Any, place: str = "$") -> Any:
    """Build a value of a type from what `to_plain` made of it.

    Raises:
        ValueError: naming the place (`$.thresholds[0].state`) and what is expected there.
    """
    origin = get_origin(kind)
    if kind is object:
        return plain
    if origin in (Union, types.UnionType):
        inner = [one for one in get_args(kind) if one is not type(None)]
        return None if plain is None else from_plain(inner[0], plain, place)
    if origin is tuple:
        _expect(isinstance(plain, list), place, "a list")
        item = get_args(kind)[0]
        return tuple(
            from_plain(item, one, f"{place}[{position}]") for position, one in enumerate(plain)
        )
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(plain, dict), place, "an object")
        item = get_args(kind)[1]
        return {key: from_plain(item, one, f"{place}.{key}") for key, one in plain.items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, plain, place)
    return _scalar(kind, plain, place)


def _dataclass(kind: Any, plain: Any, place: str) -> Any:
    _expect(isinstance(plain, dict), place, "an object")
    hints = _hints(kind)
    given: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name in plain:
            given[field.name] = from_plain(
                hints[field.name], plain[field.name], f"{place}.{field.name}"
            )
        else:
            optional = (
                field.default is not dataclasses.MISSING
                or field.default_factory is not dataclasses.MISSING
            )
            _expect(optional, f"{place}.{field.name}", "a value, but there is none")
    return kind(**given)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _scalar(kind: Any, plain: Any, place: str) -> Any:
    if issubclass(kind, Enum):
        try:
            return kind(plain)
        except ValueError:
            names = ", ".join(str(member.value) for member in kind)
            raise ValueError(f"{place} is not one of {names}") from None
    number = isinstance(plain, int | float) and not isinstance(plain, bool)
    if kind is float:
        _expect(number, place, "a number")
        return float(plain)
    if kind is int:
        _expect(number and isinstance(plain, int), place, "a whole number")
        return plain
    _expect(isinstance(plain, kind), place, {str: "a text", bool: "true or false"}[kind])
    return plain


def _expect(holds: bool, place: str, what: str) -> None:
    if not holds:
        raise ValueError(f"{place} should be {what}")
