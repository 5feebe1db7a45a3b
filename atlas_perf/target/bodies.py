"""Reading request bodies: what is wrong is refused with the path of the field."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import NoReturn

from aiohttp import web

from atlas_perf.target.answers import bad_request

Json = dict[str, object]


async def json_object(request: web.Request) -> Fields:
    """The request's body, which must be a JSON object.

    Raises:
        Refusal: 400 if it is not.
    """
    return json_fields(await request.read(), "the body")


def json_fields(text: str | bytes, what: str = "the message") -> Fields:
    """A JSON object, ready to be read; `what` it is called if it is none.

    Raises:
        Refusal: 400 if it is not.
    """
    try:
        values = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise bad_request(f"{what} is not JSON") from None
    if not isinstance(values, dict):
        raise bad_request(f"{what} must be a JSON object")
    return Fields(values)


class Fields:
    """A JSON object being read field by field.

    Every method raises `Refusal` (400), naming the field by its path from the body's root, when
    the field is missing or not of the kind asked for.
    """

    __slots__ = ("_path", "_values")

    def __init__(self, values: Json, path: str = "") -> None:
        self._values = values
        self._path = path

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if not isinstance(value, str) or not value:
            self._refuse(name, "must be a non-empty string")
        return value

    def has(self, name: str) -> bool:
        """Whether the field says anything: it is there and is not null."""
        return self._values.get(name) is not None

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        value = self._values.get(name)
        if not isinstance(value, str) or value not in allowed:
            self._refuse(name, f"must be one of {', '.join(allowed)}")
        return value

    def whole_number(self, name: str) -> int:
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self._refuse(name, "must be a whole number of at least 0")
        return value

    def amount(self, name: str) -> float:
        value = self._values.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
            self._refuse(name, "must be a number of at least 0")
        return value

    def moment(self, name: str) -> str | int:
        """An ISO 8601 date or Unix milliseconds: clients in the field send either."""
        value = self._values.get(name)
        if isinstance(value, str) and _is_date(value):
            return value
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self._refuse(name, "must be an ISO 8601 date or Unix milliseconds")
        return value

    def texts(self, name: str, *, at_least: int, at_most: int) -> list[str]:
        value = self.array(name)
        if not at_least <= len(value) <= at_most:
            self._refuse(name, f"must have {at_least} to {at_most} entries")
        if not all(isinstance(entry, str) and entry for entry in value):
            self._refuse(name, "must hold non-empty strings only")
        return [str(entry) for entry in value]

    def array(self, name: str) -> list[object]:
        value = self._values.get(name)
        if not isinstance(value, list):
            self._refuse(name, "must be an array")
        return value

    def inside(self, name: str) -> Fields:
        """The object in a field."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            self._refuse(name, "must be an object")
        return Fields(value, f"{self._path}{name}.")

    def plain(self) -> Json:
        """All of it, fields that nobody asked for included."""
        return self._values

    def refuse_unless(self, holds: bool, name: str, demand: str) -> None:
        if not holds:
            self._refuse(name, demand)

    def _refuse(self, name: str, demand: str) -> NoReturn:
        field = f"{self._path}{name}"
        problem = demand if name in self._values else f"is missing: it {demand}"
        raise bad_request(f"{field} {problem}", field)


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
