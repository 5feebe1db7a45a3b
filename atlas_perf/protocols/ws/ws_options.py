"""What a session may be asked for, checked before anything is sent."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypedDict

from atlas_perf.protocols.http.bearer import BearerAuth
from atlas_perf.protocols.http.headers import TOKEN, HeaderFields, checked_fields
from atlas_perf.protocols.http.request import authorization
from atlas_perf.protocols.ws.backoff import Backoff
from atlas_perf.protocols.ws.close_codes import ORDERLY
from atlas_perf.units import parse_duration_ns

Compression = Literal["deflate"]

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
INBOX_MESSAGES = 1024

_OURS = frozenset(
    {
        "connection",
        "upgrade",
        "sec-websocket-version",
        "sec-websocket-key",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-protocol",
    }
)


class ConnectParams(TypedDict, total=False):
    """What a session may be given besides its URL."""

    subprotocols: Sequence[str]
    """Offered in this order; `socket.subprotocol` is the one that the server took."""
    headers: Mapping[str, str] | None
    """Sent with the upgrade, besides those of the protocol."""
    auth: tuple[str, str] | BearerAuth | None
    """A pair of user and password for basic authentication, or BearerAuth(token)."""
    compression: Compression | None
    """"deflate": offer permessage-deflate. Off unless asked for."""
    timeout: str | timedelta | None
    """For opening the session, from the call to the upgrade; default `httpTimeout`."""
    max_message_bytes: int
    """A longer message ends the session, as an error; 16 MiB unless it is said."""
    inbox: int
    """How many unread messages are kept; of more, the oldest go unread and are counted."""
    expected_closes: Collection[int]
    """Close codes with which the peer ends the session well; 1000 unless it is said."""
    reconnect: Backoff | bool | None
    """Reopen the session if it is lost; True takes the delays of `Backoff()`."""
    tags: Mapping[str, str] | None
    """Added to the tags of this session's samples."""
    name: str | None
    """Value of the `name` and `url` tags, to keep URLs that differ in ids together."""


@dataclass(frozen=True, slots=True)
class WsOptions:
    """Checked options of a session."""

    subprotocols: tuple[str, ...]
    fields: HeaderFields = field(repr=False)  # they hold tokens
    deflate: bool
    timeout_ns: int
    max_message_bytes: int
    inbox: int
    expected_closes: frozenset[int]
    backoff: Backoff | None
    tags: Mapping[str, str]
    name: str | None


def ws_options(params: ConnectParams, *, user_agent: str, timeout_ns: int) -> WsOptions:
    """Check them.

    Raises:
        ValueError, TypeError: for what cannot be meant.
    """
    _refuse_unknown(params)
    tags = {name: str(value) for name, value in (params.get("tags") or {}).items()}
    timeout = params.get("timeout")
    compression = params.get("compression")
    if compression not in {None, "deflate"}:
        raise ValueError(f"compression is 'deflate' or None, not {compression!r}")
    reconnect = params.get("reconnect")
    if isinstance(reconnect, bool) or reconnect is None:
        backoff = Backoff() if reconnect else None
    elif isinstance(reconnect, Backoff):
        backoff = reconnect
    else:
        raise TypeError(f"reconnect is True or a Backoff, not {reconnect!r}")
    return WsOptions(
        subprotocols=_subprotocols(params.get("subprotocols") or ()),
        fields=_fields(params, user_agent),
        deflate=compression is not None,
        timeout_ns=timeout_ns if timeout is None else positive_ns("timeout", timeout),
        max_message_bytes=_at_least_1(params, "max_message_bytes", MAX_MESSAGE_BYTES),
        inbox=_at_least_1(params, "inbox", INBOX_MESSAGES),
        expected_closes=frozenset(params.get("expected_closes", ORDERLY)),
        backoff=backoff,
        tags=tags,
        name=params.get("name") or tags.get("name"),
    )


def positive_ns(name: str, duration: str | timedelta) -> int:
    """Nanoseconds of a duration that has to be one.

    Raises:
        ValueError: names the option.
    """
    try:
        given_ns = parse_duration_ns(duration)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: {error}") from None
    if given_ns <= 0:
        raise ValueError(f"{name} must be longer than nothing")
    return given_ns


def _refuse_unknown(params: ConnectParams) -> None:
    for name in params:
        if name not in ConnectParams.__annotations__:
            near = difflib.get_close_matches(name, ConnectParams.__annotations__, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise TypeError(f"a WebSocket has no option {name!r}{hint}")


def _subprotocols(names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise TypeError(f"subprotocols is a list of names: write [{names!r}]")
    for name in names:
        if not isinstance(name, str) or TOKEN.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name of a subprotocol")
    if len(set(names)) < len(names):
        raise ValueError("a subprotocol is offered twice")
    return tuple(names)


def _fields(params: ConnectParams, user_agent: str) -> HeaderFields:
    headers = dict(params.get("headers") or {})
    for name in headers:
        if isinstance(name, str) and name.lower() in _OURS:
            raise ValueError(f"header {name!r} is the protocol's own and cannot be given")
    given = {name.lower() for name in headers if isinstance(name, str)}
    if "user-agent" not in given:
        headers["User-Agent"] = user_agent
    auth = params.get("auth")
    if auth is not None and "authorization" not in given:
        headers["Authorization"] = authorization(auth)
    return checked_fields(headers)


def _at_least_1(params: ConnectParams, name: str, default: int) -> int:
    value: Any = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is a whole number from 1, not {value!r}")
    return value
