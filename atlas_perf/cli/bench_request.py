"""What `bench` sends: read from its options, checked, and handed to the workers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from atlas_perf.errors import UsageError
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.headers import TOKEN, checked_fields
from atlas_perf.protocols.http.urls import parse_target

REQUEST_VARIABLE = "BENCH_REQUEST_SECRET"
"""Headers and bodies hold credentials: by this name the value is hidden in every summary."""

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """One request, fit to be sent. At most one of `body` and `body_file` is given."""

    method: str
    url: str
    shown_url: str  # without user info
    headers: dict[str, str]
    name: str | None
    body: str | None = None
    body_file: Path | None = None

    def variables(self) -> dict[str, str]:
        """What the built-in scenario reads."""
        optional = {
            "headers": self.headers,
            "name": self.name,
            "body": self.body,
            "body_file": None if self.body_file is None else str(self.body_file),
        }
        given = {name: value for name, value in optional.items() if value not in (None, {})}
        return {REQUEST_VARIABLE: json.dumps({"method": self.method, "url": self.url, **given})}


def bench_request(
    url: str,
    *,
    method: str | None,
    headers: Iterable[str],
    body: str | None,
    json_text: str | None,
    name: str | None,
) -> BenchRequest:
    """Check everything before a process is started.

    Args:
        method: None for GET, or POST with a body.
        body: the text to send, or `@FILE`.

    Raises:
        UsageError: in a sentence that shows how to write it right.
    """
    if body is not None and json_text is not None:
        raise UsageError("--body and --json are both the body: give one of them")
    fields = _headers(headers)
    if json_text is not None:
        _refuse_no_json(json_text)
        if "content-type" not in {field.lower() for field in fields}:
            fields["Content-Type"] = JSON_TYPE
    file = _body_file(body)
    has_body = body is not None or json_text is not None
    return BenchRequest(
        method=_method(method or ("POST" if has_body else "GET")),
        url=url,
        shown_url=_shown_url(url),
        headers=fields,
        name=name or None,
        body=json_text if file is not None or body is None else body,
        body_file=file,
    )


def _shown_url(url: str) -> str:
    try:
        return parse_target(url).tag_url
    except RequestFailure as error:
        reason = str(error).removeprefix("invalid URL: ")
        raise UsageError(
            f"this URL cannot be asked: {reason}: write http://host:port/path"
        ) from None


def _method(method: str) -> str:
    if TOKEN.fullmatch(method) is None:
        raise UsageError(f"{method!r} is not an HTTP method: write GET, POST, …")
    return method.upper()


def _headers(lines: Iterable[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        name, separator, value = line.partition(":")
        if not separator or not name.strip():
            raise UsageError("a header needs a name and a colon: write -H 'Name: value'")
        name = name.strip()
        if name.lower() in {field.lower() for field in fields}:
            raise UsageError(f"header {name!r} is given twice: give it once")
        try:
            fields.update(checked_fields({name: value.strip()}))
        except ValueError as error:
            raise UsageError(f"{error}: write -H 'Name: value'") from None
    return fields


def _refuse_no_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise UsageError(f"--json is not JSON: {error}") from None


def _body_file(body: str | None) -> Path | None:
    if body is None or not body.startswith("@"):
        return None
    path = Path(body[1:])
    try:
        path.read_bytes()
    except OSError as error:
        raise UsageError(f"the body file {path} cannot be read: {error.strerror}") from None
    return path.resolve()
