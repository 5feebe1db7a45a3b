"""OpenAPI 3.0 and 3.1 descriptions, as JSON or YAML, with references inside the file resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import yaml
from openapi_pydantic import OpenAPI
from openapi_pydantic.v3 import v3_0

from atlas_perf.convert.validated import read_text, validated
from atlas_perf.errors import UsageError

Description: TypeAlias = OpenAPI | v3_0.OpenAPI

_DEEPEST_REFERENCE = 32


def read_openapi(file: Path) -> Description:
    """The description.

    Raises:
        UsageError: the file is none, or of another version of the format.
    """
    try:
        data = yaml.safe_load(read_text(file))  # JSON is YAML too
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{file} is neither JSON nor YAML: {reason}") from None
    if not isinstance(data, dict) or "openapi" not in data:
        old = isinstance(data, dict) and "swagger" in data
        hint = "it is Swagger 2: convert it to OpenAPI 3 first" if old else "it has no key openapi"
        raise UsageError(f"{file} is no OpenAPI description: {hint}")
    version = str(data["openapi"])
    if version.startswith("3.0"):
        return validated(v3_0.OpenAPI, _with_texts_as_keys(data), file, "OpenAPI 3.0 description")
    if version.startswith("3."):
        return validated(OpenAPI, _with_texts_as_keys(data), file, "OpenAPI 3.1 description")
    raise UsageError(f"{file}: openapi: {version!r} is not supported: 3.0 and 3.1 are")


def _with_texts_as_keys(value: Any) -> Any:
    """YAML reads the status `200:` as a number, and dates as dates."""
    if isinstance(value, dict):
        return {str(key): _with_texts_as_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_texts_as_keys(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


class References:
    """What `$ref: "#/components/…"` stands for."""

    def __init__(self, description: Description, file: Path) -> None:
        self._description = description
        self._file = file

    def resolved(self, part: Any) -> Any:
        """The part itself, or what it refers to.

        Raises:
            UsageError: a reference into another file, to nothing, or in a circle.
        """
        for _ in range(_DEEPEST_REFERENCE):
            reference = getattr(part, "ref", None)
            if reference is None:
                return part
            part = self._named(reference)
        raise UsageError(f"{self._file}: $ref: {reference!r} refers to itself")

    def _named(self, reference: str) -> Any:
        head, *keys = reference.split("/")
        if head != "#" or len(keys) != 3 or keys[0] != "components":
            raise UsageError(
                f"{self._file}: $ref: {reference!r} is not in #/components: put all in one file"
            )
        kind, name = (key.replace("~1", "/").replace("~0", "~") for key in keys[1:])
        table = getattr(self._description.components, kind, None) or {}
        if name not in table:
            raise UsageError(f"{self._file}: $ref: there is no {reference!r}")
        return table[name]
