"""The part of the HTTP Archive format 1.2 that a scenario is made of.

http://www.softwareishard.com/blog/har-12-spec/
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from atlas_perf.convert.validated import read_text, validated
from atlas_perf.errors import UsageError


class _Lenient(BaseModel):
    """Recorders add fields of their own, and give null for what they do not know."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Pair(_Lenient):
    name: str
    value: str = ""


class PostedParameter(_Lenient):
    name: str
    value: str | None = None
    file_name: str | None = Field(default=None, alias="fileName")
    content_type: str | None = Field(default=None, alias="contentType")


class PostData(_Lenient):
    mime_type: str = Field(default="", alias="mimeType")
    text: str | None = None
    params: tuple[PostedParameter, ...] | None = None
    encoding: str | None = None  # an extension of some recorders: base64


class HarRequest(_Lenient):
    method: str = Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
    url: str
    headers: tuple[Pair, ...] = ()
    post_data: PostData | None = Field(default=None, alias="postData")


class Content(_Lenient):
    mime_type: str | None = Field(default="", alias="mimeType")


class HarResponse(_Lenient):
    status: int = 0  # 0: no answer came
    content: Content = Content()
    redirect_url: str | None = Field(default="", alias="redirectURL")


class Entry(_Lenient):
    started: datetime = Field(alias="startedDateTime")
    time_ms: float = Field(default=0.0, alias="time")
    page: str | None = Field(default=None, alias="pageref")
    request: HarRequest
    response: HarResponse

    @field_validator("started")
    @classmethod
    def _with_a_zone(cls, started: datetime) -> datetime:
        """Some recorders leave the zone out; then all entries are alike, and any zone does."""
        return started if started.tzinfo is not None else started.replace(tzinfo=UTC)


class Page(_Lenient):
    id: str
    title: str = ""


class Log(_Lenient):
    pages: tuple[Page, ...] | None = None
    entries: tuple[Entry, ...]


class HttpArchive(_Lenient):
    log: Log


def read_har(file: Path) -> Log:
    """What was recorded, in the order of its beginnings.

    Raises:
        UsageError: the file is no HTTP archive, or an empty one.
    """
    try:
        data = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is no HTTP archive: it is no JSON: {error}") from None
    log = validated(HttpArchive, data, file, "HTTP archive").log
    if not log.entries:
        raise UsageError(f"{file} holds no request: record something first")
    return log.model_copy(update={"entries": tuple(sorted(log.entries, key=lambda e: e.started))})
