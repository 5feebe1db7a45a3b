"""Recordings as a browser's developer tools save them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def entry(
    method: str,
    url: str,
    *,
    at_s: float = 0.0,
    took_ms: float = 100.0,
    status: int = 200,
    mime_type: str = "application/json",
    page: str | None = None,
    headers: dict[str, str] | None = None,
    posted: dict[str, Any] | None = None,
    redirect: str = "",
) -> dict[str, Any]:
    """One request and its answer, `at_s` after the recording began."""
    request: dict[str, Any] = {
        "method": method,
        "url": url,
        "headers": [{"name": name, "value": value} for name, value in (headers or {}).items()],
    }
    if posted is not None:
        request["postData"] = posted
    return {
        "startedDateTime": (BEGIN + timedelta(seconds=at_s)).isoformat(),
        "time": took_ms,
        "pageref": page,
        "request": request,
        "response": {
            "status": status,
            "content": {"mimeType": mime_type, "size": 1},
            "redirectURL": redirect,
        },
    }


def write_har(file: Path, *entries: dict[str, Any], pages: dict[str, str] | None = None) -> Path:
    """An archive of these entries; `pages` are titles by id."""
    log = {
        "version": "1.2",
        "pages": [{"id": id_, "title": title} for id_, title in (pages or {}).items()],
        "entries": list(entries),
    }
    file.write_text(json.dumps({"log": log}))
    return file
