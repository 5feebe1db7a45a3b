"""The site for servers of Python: what to answer, whoever speaks HTTP."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

DOCUMENTS = Path(os.environ["SITE_DOCUMENTS"])
LOG = Path(os.environ["SITE_LOG"])
TYPES = {".txt": "text/plain", ".html": "text/html"}
SHORT = {"/no-content": 204, "/moved": 302, "/see-other": 303, "/broken": 503}
PART_BYTES = 50_000


@dataclass
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    in_parts: bool = False  # without a Content-Length

    def parts(self) -> Iterator[bytes]:
        for at in range(0, len(self.body), PART_BYTES):
            yield self.body[at : at + PART_BYTES]


def answer(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """`headers` has lower-case names."""
    if path in SHORT:
        status = SHORT[path]
        return Answer(status, {"Location": "/hello.txt"} if status in {302, 303} else {})
    if path.startswith("/upload/"):
        return _whole(200, body)
    return _document(method, path, headers)


def _document(method: str, path: str, headers: Mapping[str, str]) -> Answer:
    file = DOCUMENTS / path.lstrip("/")
    if not file.is_file():
        return _whole(404, b"no such document")
    content = file.read_bytes()
    tag = f'"{len(content)}"'
    fields = {
        "ETag": tag,
        "Content-Type": TYPES.get(file.suffix, "application/octet-stream"),
    }
    if headers.get("if-none-match") == tag:
        return Answer(304, fields)
    if method == "HEAD":
        return Answer(200, {**fields, "Content-Length": str(len(content))})
    if path == "/text.txt" and "gzip" in headers.get("accept-encoding", ""):
        return _whole(200, gzip.compress(content), {**fields, "Content-Encoding": "gzip"})
    if path == "/page.html":
        return Answer(200, fields, content, in_parts=True)
    return _whole(200, content, fields)


def log(port: int, method: str, path: str, query: str, status: int) -> None:
    """Before the answer is sent: afterwards there is no hook that every server calls in time."""
    with LOG.open("a") as file:
        file.write(f"{port} {method} {path}{'?' if query else ''}{query} {status}\n")


def _whole(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {**(headers or {}), "Content-Length": str(len(body))}, body)
