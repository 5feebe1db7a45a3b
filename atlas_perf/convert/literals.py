"""Values as Python source, laid out as a formatter would; no text of a file can become code."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from atlas_perf.convert.conversion import Code, Text, Value

LINE_LENGTH = 100
_INDENT = " " * 4
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(value: Value, *, indent: int = 0, before: int = 0) -> str:
    """The source of a value.

    Args:
        indent: spaces before the line on which it begins; nested lines get more.
        before: characters on that line that stand before and after it.
    """
    flat = _flat(value)
    if indent + before + len(flat) <= LINE_LENGTH and "\n" not in flat:
        return flat
    return _tall(value, indent) if isinstance(value, Mapping | list | tuple) and value else flat


def quoted(text: str) -> str:
    """A string literal in double quotes, on one line."""
    return f'"{"".join(map(_escaped, text))}"'


def formatted(text: Text) -> str:
    """An f-string, or a plain string where there is no expression."""
    if not any(isinstance(part, Code) for part in text.parts):
        return quoted("".join(str(part) for part in text.parts))
    return f'f"{"".join(_pieces(text))}"'


def _pieces(text: Text) -> Iterator[str]:
    for part in text.parts:
        if isinstance(part, Code):
            yield f"{{{part.text}}}"
        else:
            yield quoted(part)[1:-1].replace("{", "{{").replace("}", "}}")


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _flat(value: Value) -> str:
    match value:
        case Code(text):
            source = text
        case Text():
            source = formatted(value)
        case str():
            source = quoted(value)
        case Mapping():
            pairs = (f"{quoted(key)}: {_flat(item)}" for key, item in value.items())
            source = f"{{{', '.join(pairs)}}}"
        case list() | tuple():
            source = f"[{', '.join(map(_flat, value))}]"
        case float() if not math.isfinite(value):
            source = f'float("{value}")'
        case _:
            source = repr(value)
    return source


def _tall(value: Mapping[str, Value] | Sequence[Value], indent: int) -> str:
    inner = indent + len(_INDENT)
    if isinstance(value, Mapping):
        opening, closing = "{", "}"
        lines = [
            f"{quoted(key)}: {literal(item, indent=inner, before=len(quoted(key)) + 3)}"
            for key, item in value.items()
        ]
    else:
        opening, closing = "[", "]"
        lines = [literal(item, indent=inner, before=1) for item in value]
    body = "".join(f"{' ' * inner}{line},\n" for line in lines)
    return f"{opening}\n{body}{' ' * indent}{closing}"
