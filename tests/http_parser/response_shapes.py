"""The corpus: named byte streams and what must be made of them, in shapes/*.toml.

    [name]
    bytes = "…"             what the server sends, in Latin-1: \\u00FF is the byte 0xFF
    expect = ["…"]          for each message "<status> <kind> <body>", and "refused <reason>" last
    asked = "HEAD"          method of the requests, if it decides how the answers are read
    differs = "close_wins"  the entry of llhttp_differences.py that says why llhttp disagrees

Kinds are those of reading.Message.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from reading import Message, Reading

FOLDER = Path(__file__).parent / "shapes"


@dataclass(frozen=True)
class Shape:
    name: str
    data: bytes
    expect: tuple[str, ...]
    asked: str
    differs: str


def load_shapes() -> tuple[Shape, ...]:
    return tuple(
        Shape(
            name=f"{file.stem}/{name}",
            data=entry["bytes"].encode("latin-1"),
            expect=tuple(entry["expect"]),
            asked=entry.get("asked", "GET"),
            differs=entry.get("differs", ""),
        )
        for file in sorted(FOLDER.glob("*.toml"))
        for name, entry in tomllib.loads(file.read_text()).items()
    )


def described(reading: Reading) -> list[str]:
    """A reading in the words of `expect`."""
    lines = [_line(message) for message in reading.messages]
    if reading.refusal:
        return [*lines, f"refused {reading.refusal}"]
    return lines if reading.tail is None else [*lines, _line(reading.tail)]


def _line(message: Message) -> str:
    body = message.body.decode("latin-1")
    return f"{message.status} {message.kind}" + (f" {body}" if body else "")
