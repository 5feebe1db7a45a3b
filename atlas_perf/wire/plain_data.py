"""What `setup` may hand to the virtual users: plain data, carried without loss or not at all."""

from __future__ import annotations

from typing import Any

import msgpack

MAX_PLAIN_BYTES = 48 * 1024 * 1024
"""Below the frame limit, so that a message that carries the data always fits."""

MAX_DEPTH = 100
"""Also what ends the walk through a structure that contains itself."""

_INT_MIN, _INT_MAX = -(2**63), 2**64 - 1


def encode_plain(value: object) -> bytes:
    """Pack None, bool, int, float, str, bytes, and lists and str-keyed dicts of these.

    Raises:
        ValueError: with a clause that says what is not plain and where, such as
            "a value of type set at ['users'][0]".
    """
    fault = _fault(value, "", 0)
    if fault is not None:
        raise ValueError(fault)
    try:
        packed: bytes = msgpack.packb(value, use_bin_type=True)
    except UnicodeEncodeError:
        raise ValueError("text that is not valid Unicode (a lone surrogate)") from None
    if len(packed) > MAX_PLAIN_BYTES:
        raise ValueError(
            f"{len(packed):,} bytes of data, and at most {MAX_PLAIN_BYTES:,} can be handed over"
        )
    return packed


def decode_plain(packed: bytes) -> Any:
    """The value that `encode_plain` packed, as objects of its own.

    Raises:
        ValueError: the bytes are not a whole packed value.
    """
    try:
        return msgpack.unpackb(packed, raw=False, strict_map_key=True)
    except (msgpack.UnpackException, ValueError) as error:
        raise ValueError(f"malformed plain data: {error}") from None


def _fault(value: object, path: str, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return f"data nested more than {MAX_DEPTH} deep"
    match value:
        case None | bool() | float() | str() | bytes():
            return None
        case int():
            fits = _INT_MIN <= value <= _INT_MAX
            return None if fits else f"an integer of more than 64 bits{_at(path)}"
        case list():
            return _fault_in_list(value, path, depth)
        case dict():
            return _fault_in_dict(value, path, depth)
        case _:
            return f"a value of type {type(value).__name__}{_at(path)}"


def _fault_in_list(items: list[Any], path: str, depth: int) -> str | None:
    for index, item in enumerate(items):
        fault = _fault(item, f"{path}[{index}]", depth + 1)
        if fault is not None:
            return fault
    return None


def _fault_in_dict(items: dict[Any, Any], path: str, depth: int) -> str | None:
    for key, item in items.items():
        if not isinstance(key, str):
            return f"a dict{_at(path)} with the key {key!r}, which is not text"
        fault = _fault(item, f"{path}[{key!r}]", depth + 1)
        if fault is not None:
            return fault
    return None


def _at(path: str) -> str:
    return f" at {path}" if path else ""
