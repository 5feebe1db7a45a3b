"""A browser's recording (HTTP Archive) as a scenario: the same requests in the same order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

from atlas_perf.convert.conversion import (
    Body,
    Code,
    Conversion,
    Group,
    Step,
    Text,
    Value,
    left_out_note,
)
from atlas_perf.convert.har_format import Entry, HarRequest, Log, PostData, read_har
from atlas_perf.convert.secret_values import Variables
from atlas_perf.errors import UsageError
from atlas_perf.judge.redact import is_secret_name

SHORTEST_PAUSE_S = 0.5
"""A shorter silence is the browser's own, and not somebody who reads."""

LONGEST_PAUSE_S = 60.0

_STATIC = ("image/", "font/", "video/", "audio/", "text/css", "application/font", "text/javascript")
_STATIC_ENDINGS = (".js", ".mjs", ".css", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico")
_SENT_BY_THE_CLIENT = frozenset(
    {
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-length",
        "cookie",
        "dnt",
        "host",
        "if-modified-since",
        "if-none-match",
        "origin",
        "pragma",
        "priority",
        "referer",
        "te",
        "upgrade-insecure-requests",
        "user-agent",
    }
)
"""Or by nobody: they are about a browser, its cache or its connection."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def convert_har(file: Path, *, host: str | None = None, with_static: bool = False) -> Conversion:
    """The scenario of a recording.

    Args:
        host: whose requests are kept, as the URL has it, with its port if any; None: the host of
            the first page, or of the first request.
        with_static: keep scripts, styles, images and fonts too.

    Raises:
        UsageError: the file is no recording, or nothing of it is left.
    """
    log = read_har(file)
    hosts = Counter(urlsplit(entry.request.url).netloc.rpartition("@")[2] for entry in log.entries)
    chosen = host or _first_host(log)
    if chosen not in hosts:
        known = ", ".join(name for name, _ in hosts.most_common(5))
        raise UsageError(f"{file} holds no request to {chosen!r}; it has {known}")
    reader = _Reader(chosen, with_static=with_static)
    kept = reader.kept(log.entries)
    if not kept:
        raise UsageError(f"{file} holds nothing but static files of {chosen}: add --with-static")
    scheme = urlsplit(kept[0].entry.request.url).scheme
    groups = tuple(reader.groups(kept, log))
    return Conversion(
        source=file.name,
        kind="har",
        base_url=f"{scheme}://{chosen}",
        groups=groups,
        variables=reader.variables.all,
        notes=tuple(reader.notes()),
    )


def _first_host(log: Log) -> str:
    pages = (e for e in log.entries if "html" in (e.response.content.mime_type or ""))
    first = next(pages, log.entries[0])
    return urlsplit(first.request.url).netloc.rpartition("@")[2]


@dataclass(slots=True)
class _Kept:
    entry: Entry
    status: int  # of the last answer, where redirects were followed
    is_followed: bool = True  # False: a redirect to what is not kept, so that its status is the end


class _Reader:
    def __init__(self, host: str, *, with_static: bool) -> None:
        self.variables = Variables()
        self._host = host
        self._with_static = with_static
        self._left_out: Counter[str] = Counter()
        self._bodies_left_out = 0

    def kept(self, entries: Sequence[Entry]) -> list[_Kept]:
        """Entries that become steps; a redirect's target is none, since the client follows."""
        kept: list[_Kept] = []
        goes_on_at: str | None = None  # the address that the step before was sent on to
        for entry in entries:
            reason = self._reason_to_leave_out(entry)
            if goes_on_at == entry.request.url and reason is None:
                kept[-1].status, kept[-1].is_followed = entry.response.status, True
                goes_on_at = _redirected_to(entry)
                reason = "redirects, which the client follows by itself"
            elif reason is None:
                goes_on_at = _redirected_to(entry)
                kept.append(_Kept(entry, entry.response.status, is_followed=goes_on_at is None))
            if reason is not None:
                self._left_out[reason] += 1
        return kept

    def _reason_to_leave_out(self, entry: Entry) -> str | None:
        parts = urlsplit(entry.request.url)
        if parts.scheme not in ("http", "https"):
            return "WebSocket and other connections"
        if parts.netloc.rpartition("@")[2] != self._host:
            return "requests to other hosts"
        if entry.response.status == 0:
            return "requests that got no answer"
        if entry.request.method == "CONNECT":
            return "tunnels"
        mime_type = (entry.response.content.mime_type or "").lower()
        static = mime_type.startswith(_STATIC) or "javascript" in mime_type
        if not self._with_static and (static or parts.path.lower().endswith(_STATIC_ENDINGS)):
            return "scripts, styles, images and fonts (--with-static keeps them)"
        return None

    def groups(self, kept: Sequence[_Kept], log: Log) -> Iterator[Group]:
        titles = {page.id: page.title for page in log.pages or ()}
        pauses = [*(_pause_s(one.entry, two.entry) for one, two in pairwise(kept)), 0.0]
        for page, steps in groupby(zip(kept, pauses, strict=True), lambda step: step[0].entry.page):
            first, *more = steps
            title = _title(titles.get(page or "", ""), first[0].entry)
            yield Group(title, tuple(self._step(*step) for step in (first, *more)))

    def _step(self, kept: _Kept, pause_s: float) -> Step:
        request = kept.entry.request
        parts = urlsplit(request.url)
        path = parts.path or "/"
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        plain = len(dict(pairs)) == len(pairs)  # a parameter that repeats has no place in a dict
        query = f"?{parts.query}" if parts.query and not plain else ""
        body = self._body(request.post_data)
        # Nothing is cached here, so what was not modified for the browser is sent to us.
        status = 200 if kept.status == 304 else kept.status
        return Step(
            title=f"{request.method} {path}",
            method=request.method,
            url=Text((Code("BASE_URL"), path + query)),
            expected_status=status,
            params=self._parameters(pairs) if plain else {},
            headers=dict(self._headers(request, body)),
            body=body,
            follows_redirects=kept.is_followed,
            pause_s=pause_s,
        )

    def _parameters(self, pairs: Sequence[tuple[str, str]]) -> dict[str, Value]:
        return {
            name: self.variables.secret(name, "the query parameter")
            if value and is_secret_name(name)
            else value
            for name, value in pairs
        }

    def _headers(self, request: HarRequest, body: Body | None) -> Iterator[tuple[str, Value]]:
        for header in request.headers:
            name = header.name.lower()
            if name in _SENT_BY_THE_CLIENT or name.startswith((":", "sec-")):
                continue
            if name == "content-type" and (body is None or body.parameter != "body"):
                continue
            if name == "accept" and header.value.strip() == "*/*":
                continue
            if name == "authorization":
                yield header.name, self.variables.authorization(header.value)
            elif is_secret_name(name):
                yield header.name, self.variables.secret(header.name, "the header")
            else:
                yield header.name, header.value

    def _body(self, posted: PostData | None) -> Body | None:
        if posted is None or not (posted.text or posted.params):
            return None
        mime_type = posted.mime_type.partition(";")[0].strip().lower()
        if mime_type == "application/x-www-form-urlencoded":
            return self._form(posted)
        if posted.encoding is not None or mime_type.startswith("multipart/") or not posted.text:
            self._bodies_left_out += 1
            return None
        if mime_type.endswith("json"):
            try:
                value = json.loads(posted.text)
            except (ValueError, RecursionError):
                return Body("body", posted.text)
            return Body("json", self.variables.without_secrets(value, "the field"))
        return Body("body", posted.text)

    def _form(self, posted: PostData) -> Body | None:
        pairs = [(field.name, field.value or "") for field in posted.params or ()] or parse_qsl(
            posted.text or "", keep_blank_values=True
        )
        fields = dict(pairs)
        if len(fields) < len(pairs):
            return Body("body", posted.text or "")
        return Body("data", self.variables.without_secrets(fields, "the field"))

    def notes(self) -> Iterator[str]:
        yield f"One user of {self._host} does what was recorded, one request after the other."
        if self._left_out:
            yield left_out_note(self._left_out)
        if self._bodies_left_out:
            yield (
                f"{self._bodies_left_out} bodies are files or binary: give them with `files=` or "
                "`body=`."
            )
        yield "Cookies are those that the server sets; ids in paths and bodies are the recorded."


def _pause_s(one: Entry, two: Entry) -> float:
    """The silence between the end of one request and the beginning of the next."""
    gap_s = (two.started - one.started).total_seconds() - max(0.0, one.time_ms) / 1000
    return round(min(gap_s, LONGEST_PAUSE_S), 1) if gap_s >= SHORTEST_PAUSE_S else 0.0


def _redirected_to(entry: Entry) -> str | None:
    location = entry.response.redirect_url
    if entry.response.status not in _REDIRECTS or not location:
        return None
    return urljoin(entry.request.url, location)


def _title(title: str, entry: Entry) -> str:
    """Browsers use the URL as a page's title where it has none."""
    if title and "://" not in title:
        return title
    return urlsplit(title or entry.request.url).path.strip("/") or "start"
