"""Secrets stay out of a summary: by the name of the variable, by value, by place in a URL."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from atlas_perf.model.plan import TestPlan
from atlas_perf.url_credentials import text_without_credentials

HIDDEN = "***"

_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|KEY|AUTH|CREDENTIAL", re.IGNORECASE)
_QUERY = re.compile(
    r"(?P<name>[?&][^=&#\s]*(?:token|secret|password|passwd|key|auth|credential)[^=&#\s]*=)[^&#\s'\"]+",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\b(?P<scheme>Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}")

CUT = "…"  # where something of a long text was left out
LEAST_OF_A_CUT = 3  # characters of a secret: fewer are as likely another word's
SHORTEST_VALUE = 6  # replacing shorter values everywhere would eat words such as `true`

T = TypeVar("T")


def is_secret_name(name: str) -> bool:
    """True for a variable whose name says that its value is one."""
    return _SECRET_NAME.search(name) is not None


def secret_values(environments: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """Values to hide wherever they turn up, as they are and as they stand in URLs, longest first;
    short ones are hidden by name only."""
    values = {
        written
        for environment in environments
        for name, value in environment.items()
        if is_secret_name(name) and len(value) >= SHORTEST_VALUE
        for written in written_forms(value)
    }
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def written_forms(value: str) -> tuple[str, ...]:
    """A value as it is, and as it stands in URLs."""
    return (value, quote(value), quote(value, safe=""), quote_plus(value))


def plan_secrets(plan: TestPlan) -> tuple[str, ...]:
    """Values to hide in everything that is said about a run of this plan.

    Those of the process are among them: a scenario reads its variables too.
    """
    return secret_values([os.environ, plan.env, *(scenario.env for scenario in plan.scenarios)])


def redacted_text(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without secret values, URL user info, secret query parameters and credentials."""
    secrets = tuple(secrets)
    for value in secrets:
        text = text.replace(value, HIDDEN)
    if CUT in text:
        text = _without_cut_secrets(text, secrets)
    text = text_without_credentials(text)
    text = _QUERY.sub(rf"\g<name>{HIDDEN}", text)
    return _HEADER.sub(rf"\g<scheme> {HIDDEN}", text)


def _without_cut_secrets(text: str, secrets: Sequence[str]) -> str:
    """What is left of a secret where a text was cut, hidden as the whole of it would have been."""
    first, *others = text.split(CUT)
    pieces = [first]
    for piece in others:
        before = max((_common(pieces[-1], value) for value in secrets), default=0)
        if before:
            pieces[-1] = pieces[-1][:-before] + HIDDEN
        after = max((_common(piece[::-1], value[::-1]) for value in secrets), default=0)
        pieces.append(HIDDEN + piece[after:] if after else piece)
    return CUT.join(pieces)


def _common(text: str, value: str) -> int:
    """How many characters at the end of the text are the beginning of the value, if that tells."""
    longest = min(len(text), len(value) - 1)
    return next((n for n in range(longest, LEAST_OF_A_CUT - 1, -1) if text.endswith(value[:n])), 0)


def redacted_environment(plain: object) -> object:
    """A plain plan without passwords, and with the values of secretly named variables hidden in
    every `env` mapping."""
    if isinstance(plain, Mapping):
        return {key: _hidden(key, value) for key, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [redacted_environment(item) for item in plain]
    return plain


def redacted(value: T, secrets: Iterable[str]) -> T:
    """A copy of a value type with every text in it redacted, mapping keys included."""
    return _redacted(value, tuple(secrets))  # type: ignore[no-any-return]


def _hidden(key: object, value: object) -> object:
    if key == "env":
        return _hidden_by_name(value)
    if key == "password" and value is not None:
        return HIDDEN
    return redacted_environment(value)


def _hidden_by_name(environment: object) -> object:
    if not isinstance(environment, Mapping):
        return environment
    return {
        name: HIDDEN if is_secret_name(str(name)) else value for name, value in environment.items()
    }


def _redacted(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return redacted_text(value, secrets)
    if isinstance(value, Mapping):
        return {_redacted(key, secrets): _redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_redacted(item, secrets) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: _redacted(getattr(value, field.name), secrets)
            for field in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **changed)
    return value
