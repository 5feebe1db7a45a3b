"""Dicts with known keys: which keys there are, how each is read, and what it sets in the plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from atlas_perf.choices import did_you_mean
from atlas_perf.loader.problem import OptionPath, OptionProblem, written
from atlas_perf.loader.readers import Reader, read_dict

_WORDS = re.compile(r"VUs?|[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True)
class OptionKey:
    """One key. `default` and `meaning` are what the reference in `docs/options.md` says."""

    name: str  # k6's spelling
    reader: Reader[Any]
    default: str
    meaning: str
    field: str = ""  # of the plan's value type, if the value goes there unchanged
    required: bool = False


class KeyTable:
    """The keys of one kind of dict.

    `elsewhere` says of keys that people look for here where they belong.
    """

    def __init__(
        self, keys: Iterable[OptionKey], elsewhere: Mapping[str, str] | None = None
    ) -> None:
        self._elsewhere = elsewhere or {}
        self.keys: Mapping[str, OptionKey] = {key.name: key for key in keys}
        self._spellings = {snake_case(name): name for name in self.keys}
        self._spellings.update({name: name for name in self.keys})

    def canonical(self, spelling: str) -> str | None:
        """The key that a spelling, in camelCase or snake_case, means."""
        return self._spellings.get(spelling)

    def read(self, value: object, path: OptionPath) -> dict[str, Any]:
        """The values that are given, by canonical key.

        Raises:
            OptionProblem: for an unknown key, a key given twice, a missing one, a wrong value.
        """
        given = read_dict(value, path, f"a dict with {_listed(self.keys)}")
        read: dict[str, Any] = {}
        for spelling, item in given.items():
            name = self.canonical(spelling)
            if name is None:
                raise OptionProblem((*path, spelling), self._unknown(spelling, path))
            if name in read:
                message = f"`{written((*path, spelling))}` is given twice: `{name}` is the same key"
                raise OptionProblem((*path, spelling), message)
            read[name] = self.keys[name].reader.read(item, (*path, spelling))
        for name, key in self.keys.items():
            if key.required and name not in read:
                raise OptionProblem(path, f"`{written(path)}` has no `{name}`")
        return read

    def fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values by the plan's field names, of those keys that have one."""
        return {
            self.keys[name].field: value for name, value in values.items() if self.keys[name].field
        }

    def _unknown(self, spelling: str, path: OptionPath) -> str:
        place = f"`{written(path)}`"
        if spelling in self._elsewhere:
            return f"{place} has an unknown key {spelling!r}: {self._elsewhere[spelling]}"
        hint = did_you_mean(spelling, self.keys)
        if not hint and len(self.keys) < 15:
            hint = f": it may have {_listed(self.keys)}"
        return f"{place} has an unknown key {spelling!r}{hint}"


def snake_case(name: str) -> str:
    """`insecureSkipTLSVerify` as Python people write it: `insecure_skip_tls_verify`."""
    return "_".join(_WORDS.findall(name)).lower()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
