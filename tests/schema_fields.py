"""A schema in docs/schemas describes every field of a value type, and no other."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any


def schema_of(kind: type, schema: dict[str, Any], whole: dict[str, Any] | None = None) -> None:
    """Every field of the value type is described and required, and nothing else is.

    Args:
        whole: the schema that has the definitions, if that is another.
    """
    whole = schema if whole is None else whole
    names = [field.name for field in dataclasses.fields(kind)]
    assert sorted(schema["properties"]) == sorted(names), kind.__name__
    assert sorted(schema["required"]) == sorted(names), kind.__name__
    for name, hint in typing.get_type_hints(kind).items():
        described = schema["properties"][name]
        inner = described.get("items", described.get("additionalProperties", described))
        inner = inner.get("anyOf", [inner])[0]
        if "$ref" in inner:
            types = [one for one in (hint, *typing.get_args(hint)) if dataclasses.is_dataclass(one)]
            schema_of(types[0], whole["$defs"][inner["$ref"].rsplit("/", 1)[1]], whole)
        else:
            assert described.get("description"), f"{kind.__name__}.{name} says what it is"
