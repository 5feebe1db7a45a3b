"""multipart/form-data (RFC 7578): files, and the fields beside them."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Iterable, Mapping

Content = bytes | bytearray | memoryview | str
FormFile = Content | tuple[str, Content] | tuple[str, Content, str]
"""The content alone, or (file name, content), or (file name, content, content type)."""

Files = Mapping[str, FormFile]
"""By the name of the form's field."""

_UNKNOWN_TYPE = "application/octet-stream"


def encode_multipart(fields: Iterable[tuple[str, str]], files: Files) -> tuple[bytes, str]:
    """Body and Content-Type of a form; `fields` come before `files`.

    A file without a name of its own gets that of its field, as k6 does; without a content type
    it gets the one its name suggests.

    Raises:
        TypeError: for a file that is none of the forms of `FormFile`.
        ValueError: for a content type with a control character.
    """
    if not isinstance(files, Mapping):
        raise TypeError("files= takes a dict of field name to content")
    # 128 random bits: no content can hold the line that ends it, neither by chance nor by design.
    boundary = secrets.token_hex(16)
    parts: list[bytes] = []
    for name, value in fields:
        parts += _part(boundary, f'name="{_quoted(name)}"', None, value.encode())
    for name, file in files.items():
        file_name, content, content_type = _opened(name, file)
        disposition = f'name="{_quoted(name)}"; filename="{_quoted(file_name)}"'
        parts += _part(boundary, disposition, content_type, content)
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, disposition: str, content_type: str | None, content: bytes) -> list[bytes]:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n"
    if content_type is not None:
        head += f"Content-Type: {content_type}\r\n"
    return [f"{head}\r\n".encode(), content, b"\r\n"]


def _opened(field: str, file: FormFile) -> tuple[str, bytes, str]:
    if not isinstance(file, tuple):
        return field, _bytes(field, file), _UNKNOWN_TYPE
    if len(file) not in (2, 3) or not all(isinstance(each, str) for each in (file[0], *file[2:])):
        raise TypeError(
            f"files={field!r} is no file: give its content, (file name, content) or "
            "(file name, content, content type)"
        )
    file_name, content = file[0], _bytes(field, file[1])
    content_type = file[2] if len(file) == 3 else mimetypes.guess_type(file_name)[0]
    content_type = content_type or _UNKNOWN_TYPE
    if not content_type.isprintable():
        raise ValueError(f"the content type of files={field!r} has a control character")
    return file_name, content, content_type


def _bytes(field: str, content: object) -> bytes:
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, (bytes, bytearray, memoryview)):
        return bytes(content)
    raise TypeError(
        f"the content of files={field!r} is bytes or text, not {type(content).__name__}: "
        "read the file first"
    )


def _quoted(name: str) -> str:
    """As browsers escape names (WHATWG HTML, multipart/form-data encoding algorithm)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
