"""WebSockets without a network, for unit tests of scenario code.

    ws = FakeWsClient()
    ws.answer("/ws/runs/*", lambda message: {"type": "ack", "id": json.loads(message)["id"]})
    ws.refuse("/ws/closed", status=403)

Checks its arguments as the real client does, so a scenario that passes here does not fail there
for a misspelt option.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Any, Unpack

from atlas_perf.protocols.http.error_codes import ErrorCode, status_error_code
from atlas_perf.protocols.http.json_text import decode_json
from atlas_perf.protocols.http.urls import join_base
from atlas_perf.protocols.http.user_agent import default_user_agent
from atlas_perf.protocols.ws.close_codes import (
    LOST,
    NORMAL,
    ORDERLY,
    checked_code,
    checked_reason,
    error_of,
)
from atlas_perf.protocols.ws.correlation_keys import (
    Correlate,
    Document,
    checked_correlate,
    key_of,
)
from atlas_perf.protocols.ws.errors import WebSocketClosed, WebSocketError
from atlas_perf.protocols.ws.inbox import Message
from atlas_perf.protocols.ws.opening import ConnectTimings
from atlas_perf.protocols.ws.reply import Reply
from atlas_perf.protocols.ws.web_socket import as_message
from atlas_perf.protocols.ws.ws_options import ConnectParams, WsOptions, positive_ns, ws_options
from atlas_perf.units import NS_PER_S

Answers = Callable[[Message], Any]
"""From a message to the one that answers it, or a list of those, or None."""


@dataclass(frozen=True, slots=True)
class _Rule:
    url_pattern: str
    answers: Answers
    status: int  # that refuses the upgrade; 0 where there is a session

    def matches(self, url: str, whole_url: str) -> bool:
        return any(
            one == self.url_pattern or fnmatchcase(one, self.url_pattern)
            for one in (url, whole_url)
        )


class FakeWebSocket:
    """A session that answers from a function. Nothing takes time, so nothing is ever late.

    Attributes:
        sent: every message as it would be on the wire.
        to_come: messages that are received next; a test may add to them.
    """

    def __init__(self, answers: Answers, options: WsOptions) -> None:
        self.sent: list[Message] = []
        self.to_come: list[Message] = []
        self.subprotocol = next(iter(options.subprotocols), "")
        self.close_code: int | None = None
        self.close_reason = ""
        self.close_error = ""
        self.timings = _no_time()
        self._answers = answers

    @property
    def is_open(self) -> bool:
        return self.close_code is None

    @property
    def unread(self) -> int:
        """How many messages are to come."""
        return len(self.to_come)

    def end(self, code: int = LOST, reason: str = "") -> None:
        """What a peer does: end the session."""
        self.close_code, self.close_reason = code, reason
        self.close_error = "" if code in ORDERLY else error_of(code)

    def reopen(self) -> None:
        """What `reconnect` does after a loss: another session takes its place."""
        self.close_code, self.close_reason, self.close_error = None, "", ""
        self.timings = _no_time()

    async def wait_reopened_or_not(self) -> None:
        """Nothing reopens a session here but a test, by `reopen`."""

    async def send(self, message: Any) -> None:
        """See `WebSocket.send`."""
        self._refuse_if_closed()
        wire = as_message(message)
        self.sent.append(wire)
        answer = self._answers(wire)
        answers = answer if isinstance(answer, list) else [] if answer is None else [answer]
        self.to_come.extend(map(as_message, answers))

    async def receive(self, timeout: str | timedelta | None = None) -> Message:  # noqa: ASYNC109
        """See `WebSocket.receive`; without a message there is none to wait for.

        Raises:
            TimeoutError: if none is to come, whatever the limit.
        """
        if timeout is not None:
            positive_ns("timeout", timeout)
        if self.to_come:
            return self.to_come.pop(0)
        self._refuse_if_closed()
        raise TimeoutError("no message is to come: have `answer` give one, or add to `to_come`")

    async def receive_json(self, timeout: str | timedelta | None = None) -> Any:  # noqa: ASYNC109
        """See `WebSocket.receive_json`."""
        message = await self.receive(timeout)
        return decode_json(message.encode() if isinstance(message, str) else message)

    def __aiter__(self) -> FakeWebSocket:
        return self

    async def __anext__(self) -> Message:
        """The next message that is to come; ends where there is none."""
        if self.to_come:
            return self.to_come.pop(0)
        if self.close_code is not None and self.close_code not in ORDERLY:
            raise WebSocketClosed(self.close_code, self.close_reason)
        raise StopAsyncIteration

    async def rtt(
        self,
        message: Any,
        *,
        correlate: Correlate,
        answered_by: Correlate | None = None,
        limit: str | timedelta = "10s",
        name: str | None = None,  # noqa: ARG002 - nothing is recorded here
        tags: Mapping[str, object] | None = None,  # noqa: ARG002
    ) -> Reply:
        """See `WebSocket.rtt`; a message that nothing answers is lost at its limit."""
        way = checked_correlate("correlate", correlate)
        limit_ns = positive_ns("limit", limit)
        key = key_of(Document(as_message(message)), way)
        if key is None:
            raise ValueError("the message has no key, so its answer cannot be told")
        if answered_by is not None:
            way = checked_correlate("answered_by", answered_by)
        await self.send(message)
        for position, coming in enumerate(self.to_come):
            if key_of(Document(coming), way) == key:
                return Reply(self.to_come.pop(position), 0)
        return Reply(None, limit_ns, "no answer in time")

    async def ping(self, timeout: str | timedelta = "10s") -> float:  # noqa: ASYNC109
        """See `WebSocket.ping`."""
        positive_ns("timeout", timeout)
        self._refuse_if_closed()
        return 0.0

    async def close(
        self,
        code: int = NORMAL,
        reason: str = "",
        timeout: str | timedelta = "5s",  # noqa: ASYNC109
    ) -> None:
        """See `WebSocket.close`."""
        positive_ns("timeout", timeout)
        checked_code(code), checked_reason(reason)
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason

    def _refuse_if_closed(self) -> None:
        if self.close_code is not None:
            raise WebSocketClosed(self.close_code, self.close_reason)


class FakeConnecting:
    """To be awaited or entered, as what the real client's `connect` returns."""

    def __init__(self, open_socket: Callable[[], FakeWebSocket]) -> None:
        self._open = open_socket
        self._socket: FakeWebSocket | None = None

    async def _opened(self) -> FakeWebSocket:
        return self._open()

    def __await__(self) -> Generator[Any, Any, FakeWebSocket]:
        return self._opened().__await__()

    async def __aenter__(self) -> FakeWebSocket:
        self._socket = await self
        return self._socket

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._socket is not None:
            await self._socket.close()


class FakeWsClient:
    """Opens sessions from a table; a URL that the table does not know fails the test.

    Attributes:
        sockets: every session that was opened, in order.
    """

    def __init__(self, *, base_url: str | None = None) -> None:
        self.sockets: list[FakeWebSocket] = []
        self._base_url = base_url
        self._rules: list[_Rule] = []
        self._held: dict[tuple[str, str | None], FakeWebSocket] = {}

    def answer(self, url_pattern: str, answers: Answers | None = None) -> None:
        """Say that there is a session at a URL, and what comes for each message sent.

        `url_pattern` is the URL as the scenario gives it, or with the base URL before it, exactly
        or with the wildcards of `fnmatch`. A later rule wins over an earlier one.
        """
        self._rules.insert(0, _Rule(url_pattern, answers or _silence, 0))

    def refuse(self, url_pattern: str, status: int = 403) -> None:
        """Say that the upgrade at a URL is refused."""
        self._rules.insert(0, _Rule(url_pattern, _silence, status))

    def connect(self, url: str, **params: Unpack[ConnectParams]) -> FakeConnecting:
        """See `WsClient.connect`."""
        options = _options(params)
        return FakeConnecting(lambda: self._open(url, options))

    async def session(self, url: str, **params: Unpack[ConnectParams]) -> FakeWebSocket:
        """See `WsClient.session`."""
        options = _options(params)
        key = (join_base(self._base_url, url), options.name)
        held = self._held.get(key)
        if held is None or not held.is_open:
            held = self._held[key] = self._open(url, options)
        return held

    def begin_iteration(self) -> None:
        """As the real client; but what is left open is not closed, so that a test can see it."""

    def cut_off(self) -> None:
        """Nothing here is ever in flight."""

    def retire(self) -> None:
        """Nothing here outlives its test."""

    async def close(self) -> None:
        """Close every session."""
        for socket in self.sockets:
            await socket.close()

    def _open(self, url: str, options: WsOptions) -> FakeWebSocket:
        """
        Raises:
            AssertionError: if nothing was said of this URL.
        """
        whole = join_base(self._base_url, url)
        rule = next((rule for rule in self._rules if rule.matches(url, whole)), None)
        if rule is None:
            known = ", ".join(rule.url_pattern for rule in reversed(self._rules))
            raise AssertionError(f"no WebSocket at {url}; there are: {known or 'none'}")
        if rule.status:
            code = status_error_code(rule.status) or ErrorCode.GENERIC
            raise WebSocketError(f"upgrade refused with status {rule.status}", code, rule.status)
        socket = FakeWebSocket(rule.answers, options)
        self.sockets.append(socket)
        return socket


def _options(params: ConnectParams) -> WsOptions:
    return ws_options(params, user_agent=default_user_agent(), timeout_ns=60 * NS_PER_S)


def _no_time() -> ConnectTimings:
    return ConnectTimings(0, 0, 0, 0, 0)


def _silence(_message: Message) -> None:
    return None
