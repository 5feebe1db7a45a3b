"""A value that an OpenAPI schema accepts: what its author gives as an example, or the plainest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlas_perf.convert.conversion import Value
from atlas_perf.convert.openapi_format import References

_DEEPEST = 8
"""Schemas may contain themselves; optional parts below this depth are left out."""

_BY_FORMAT = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "email": "user@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "dGV4dA==",
}
"""Documentation's own names and addresses (RFC 2606, 5737, 3849)."""


class Examples:
    """Values for the schemas of one description."""

    def __init__(self, references: References) -> None:
        self._resolved = references.resolved

    def of_media(self, media: Any) -> Value:
        """A body of this media type."""
        given = self._given(media)
        return given if given is not None else self.of_schema(media.media_type_schema)

    def of_parameter(self, parameter: Any) -> Value:
        given = self._given(parameter)
        return given if given is not None else self.of_schema(parameter.param_schema)

    def of_schema(self, schema: Any, depth: int = 0) -> Value:
        schema = self._resolved(schema)
        if schema is None or isinstance(schema, bool):
            return None
        for stated in (schema.example, *(getattr(schema, "examples", None) or ())[:1]):
            if stated is not None:
                return plain(stated)
        if schema.default is not None:
            return plain(schema.default)
        if schema.enum:
            return plain(schema.enum[0])
        if getattr(schema, "const", None) is not None:
            return plain(schema.const)
        return self._composed(schema, depth)

    def properties_of(self, schema: Any, depth: int = 0) -> Mapping[str, Any]:
        """The properties of an object's schema, those of `allOf` included."""
        schema = self._resolved(schema)
        if schema is None or depth > _DEEPEST:
            return {}
        found: dict[str, Any] = {}
        for part in schema.allOf or ():
            found |= self.properties_of(part, depth + 1)
        return found | (schema.properties or {})

    def _given(self, holder: Any) -> Value:
        if holder.example is not None:
            return plain(holder.example)
        for example in (holder.examples or {}).values():
            value = getattr(self._resolved(example), "value", None)
            if value is not None:
                return plain(value)
        return None

    def _composed(self, schema: Any, depth: int) -> Value:
        choices = schema.oneOf or schema.anyOf
        if choices and not schema.allOf:
            return self.of_schema(choices[0], depth + 1) if depth < _DEEPEST else None
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        return _scalar(schema, kind)

    def _object(self, schema: Any, depth: int) -> Value:
        required = self._required_of(schema)
        return {
            name: self.of_schema(part, depth + 1)
            for name, part in self.properties_of(schema).items()
            if depth < _DEEPEST
            and not getattr(self._resolved(part), "readOnly", None)
            and (name in required or depth == 0)
        }

    def _required_of(self, schema: Any, depth: int = 0) -> frozenset[str]:
        schema = self._resolved(schema)
        if schema is None or depth > _DEEPEST:
            return frozenset()
        inner = (self._required_of(part, depth + 1) for part in schema.allOf or ())
        return frozenset(schema.required or ()).union(*inner)

    def _array(self, schema: Any, depth: int) -> Value:
        if depth >= _DEEPEST or schema.items is None:
            return []
        return [self.of_schema(schema.items, depth + 1)] * max(1, min(schema.minItems or 1, 10))


def plain(value: Any) -> Value:
    """What the description gives as an example, as a value to be written."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _kind(schema: Any) -> str | None:
    """The first type that is not null; what has properties is an object without saying so."""
    if schema.allOf or schema.properties:
        return "object"
    kinds = schema.type if isinstance(schema.type, list) else [schema.type]
    names = [str(getattr(kind, "value", kind)) for kind in kinds if kind is not None]
    return next((name for name in names if name != "null"), None)


def _scalar(schema: Any, kind: str | None) -> Value:
    match kind:
        case "integer" | "number":
            return _number(schema, whole=kind == "integer")
        case "boolean":
            return True
        case "string":
            return _string(schema)
    return None


def _number(schema: Any, *, whole: bool) -> Value:
    lowest = schema.minimum
    above = schema.exclusiveMinimum
    if lowest is None and above is not None and not isinstance(above, bool):
        lowest = above + 1
    elif lowest is not None and above is True:  # OpenAPI 3.0
        lowest += 1
    value = 1 if lowest is None else lowest
    if schema.maximum is not None:
        value = min(value, schema.maximum)
    return int(value) if whole else value


def _string(schema: Any) -> str:
    text = _BY_FORMAT.get(schema.schema_format or "", "text")
    shortest, longest = schema.minLength or 0, schema.maxLength
    text = text.ljust(min(shortest, 1000), "x")
    return text if longest is None else text[:longest]
