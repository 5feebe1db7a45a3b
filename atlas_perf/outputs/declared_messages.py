"""Protobuf messages declared in code, for protocols that publish no Python package.

A declaration is a name with its fields: number, type and name. A type with `*` is repeated; what is
no scalar type is another message of the same declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

Fields = tuple[tuple[int, str, str], ...]

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "double": _FIELD.TYPE_DOUBLE,
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "sint32": _FIELD.TYPE_SINT32,
    "sint64": _FIELD.TYPE_SINT64,
    "string": _FIELD.TYPE_STRING,
    "uint32": _FIELD.TYPE_UINT32,
    "uint64": _FIELD.TYPE_UINT64,
}


def declare(package: str, messages: Mapping[str, Fields]) -> dict[str, Any]:
    """Classes of the messages, by name, with proto3's rules."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package.replace('.', '/')}.proto", package=package, syntax="proto3"
    )
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, kind, field_name in fields:
            scalar = kind.removeprefix("*")
            repeated = _FIELD.LABEL_REPEATED if kind != scalar else _FIELD.LABEL_OPTIONAL
            field = message.field.add(name=field_name, number=number, label=repeated)
            if scalar in _SCALARS:
                field.type = _SCALARS[scalar]
            else:
                field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{package}.{scalar}"
    pool = descriptor_pool.DescriptorPool()  # our own: nobody else's names can collide with it
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in messages
    }
