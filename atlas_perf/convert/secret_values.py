"""Credentials of a recording become variables: a converted scenario holds no secret."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from atlas_perf.convert.conversion import Code, Text, Value, Variable
from atlas_perf.judge.redact import is_secret_name


class Variables:
    """The variables that a scenario needs, collected while its steps are made."""

    def __init__(self) -> None:
        self._by_name: dict[str, Variable] = {}

    @property
    def all(self) -> tuple[Variable, ...]:
        return tuple(self._by_name.values())

    def needs(self, name: str, meaning: str, default: str | None = None) -> Code:
        """The expression that reads a variable."""
        if name == "BASE_URL":  # which says where requests go
            name = "BASE_URL_VALUE"
        self._by_name.setdefault(name, Variable(name, meaning, default))
        return Code(name)

    def authorization(self, value: str) -> Value:
        """What goes out in place of a recorded Authorization header."""
        scheme, _, _ = value.partition(" ")
        if scheme.lower() == "bearer":
            token = self.needs("AUTH_TOKEN", "the bearer token; the recorded one was not kept")
            return Text(("Bearer ", token))
        return self.needs("AUTHORIZATION", "the Authorization header, which was not kept")

    def secret(self, name: str, where: str) -> Code:
        """The expression in place of a value whose name says that it is secret."""
        return self.needs(variable_name(name), f"{where} `{name}`, whose value was not kept")

    def without_secrets(self, value: Any, where: str) -> Value:
        """JSON, or the fields of a form, with variables in place of secret texts."""
        if isinstance(value, Mapping):
            return {
                str(key): self.secret(str(key), where)
                if isinstance(item, str) and item and is_secret_name(str(key))
                else self.without_secrets(item, where)
                for key, item in value.items()
            }
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self.without_secrets(item, where) for item in value]
        plain: Value = value
        return plain


def variable_name(name: str) -> str:
    """`X-Api-Key` or `apiKey` as a variable is written: `X_API_KEY`, `API_KEY`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    plain = re.sub(r"[^A-Za-z0-9]+", "_", spaced).strip("_").upper() or "VALUE"
    return f"V_{plain}" if plain[0].isdigit() else plain
