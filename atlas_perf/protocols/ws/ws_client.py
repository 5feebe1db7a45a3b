"""The WebSocket client of one virtual user: what scenario code calls as `vu.ws`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, Unpack

from atlas_perf import clock
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.failures import CanceledError, RequestFailure, timeout_failure
from atlas_perf.protocols.http.timings import ABSENT, Stopwatch
from atlas_perf.protocols.ws.close_codes import NORMAL
from atlas_perf.protocols.ws.errors import WebSocketError
from atlas_perf.protocols.ws.opening import ConnectTimings, open_line
from atlas_perf.protocols.ws.recording import OK, UNKNOWN, failed
from atlas_perf.protocols.ws.web_socket import CLOSE_LIMIT, WebSocket
from atlas_perf.protocols.ws.ws_options import ConnectParams, WsOptions
from atlas_perf.protocols.ws.ws_setup import WsSetup
from atlas_perf.protocols.ws.ws_target import parse_ws_target
from atlas_perf.units import NS_PER_S


class WsClient:
    """WebSockets of one virtual user, whose cookies are those of its HTTP client."""

    __slots__ = (
        "_closed",
        "_cut",
        "_held",
        "_holding",
        "_http",
        "_of_iteration",
        "_sample_tags",
        "_seed",
        "_setup",
        "_sockets",
    )

    def __init__(
        self, setup: WsSetup, http: HttpClient, sample_tags: Callable[[], Tags], seed: str
    ) -> None:
        """`seed`: of the jitter of its delays."""
        self._setup = setup
        self._http = http
        self._sample_tags = sample_tags
        self._seed = seed
        self._sockets: set[WebSocket] = set()
        self._of_iteration: set[WebSocket] = set()
        self._held: dict[tuple[str, str | None], WebSocket] = {}
        self._holding: asyncio.Lock | None = None
        self._cut = False
        self._closed = False

    def connect(self, url: str, **params: Unpack[ConnectParams]) -> Connecting:
        """Open a session: `async with vu.ws.connect(url) as socket`, or `await` it and close it.

        One that is still open when its user's next iteration begins is closed then.

        Args:
            url: ws or wss; a relative one is completed by WS_URL, or else BASE_URL.
            params: see `ConnectParams`.

        Raises:
            WebSocketError: where it is awaited, if there is no session to be had.
            ValueError, TypeError: for what cannot be meant.
        """
        options = self._setup.options(params)
        return Connecting(self, self._setup.whole_url(url), options)

    async def session(self, url: str, **params: Unpack[ConnectParams]) -> WebSocket:
        """The session that this user keeps with a URL, from iteration to iteration.

        It is opened the first time, and again if it has ended; it is closed when the user ends.
        Options count when it is opened. Two of one URL need a `name` each.

        Raises:
            WebSocketError, ValueError, TypeError: as `connect`.
        """
        options = self._setup.options(params)
        whole = self._setup.whole_url(url)
        key = (whole, options.name)
        if self._holding is None:
            self._holding = asyncio.Lock()
        async with self._holding:
            held = self._held.get(key)
            if held is None or not held.is_alive:
                held = self._held[key] = await self.open(whole, options, held=True)
        return held

    @property
    def open_sessions(self) -> int:
        """How many sessions of this user are open now."""
        return sum(socket.is_open for socket in self._sockets)

    # What the virtual user calls

    def begin_iteration(self) -> None:
        """Close what the last iteration has left open and did not mean to keep."""
        self._cut = False
        for socket in tuple(self._of_iteration):
            socket.begin_closing()
        self._of_iteration.clear()

    def cut_off(self) -> None:
        """The iteration's time is up; see `HttpClient.cut_off`."""
        self._cut = True

    def retire(self) -> None:
        """Close every session, without waiting for it: their user leaves, as the plan has it. It
        may come back and open others."""
        for socket in tuple(self._sockets):
            socket.end_with_its_user()

    async def close(self) -> None:
        """Close every session, and open none any more. What is in flight is censored."""
        self._closed = True
        sockets = tuple(self._sockets)
        await asyncio.gather(*(socket.close(timeout=CLOSE_LIMIT) for socket in sockets))
        await asyncio.gather(*(socket.wait_reopened_or_not() for socket in sockets))

    # What its sockets ask

    @property
    def cut(self) -> bool:
        """True if whatever is canceled now, is because the run ends it."""
        return self._cut or self._closed

    def sample_tags(self) -> Tags:
        return self._sample_tags()

    def take_lateness(self) -> int:
        """How late the iteration's first request is, once; -1 in the closed model."""
        late_ns = self._http.late_ns
        if late_ns > 0:
            self._http.late_ns = 0
        return late_ns

    def session_opened(self, socket: WebSocket, at_ns: int) -> None:
        self._setup.opened(socket.log, self._sample_tags(), 1, at_ns)

    def session_ended(self, socket: WebSocket, at_ns: int) -> None:
        self._setup.opened(socket.log, self._sample_tags(), -1, at_ns)

    def forget(self, socket: WebSocket) -> None:
        """It will not be open again."""
        self._sockets.discard(socket)
        self._of_iteration.discard(socket)

    async def open(self, url: str, options: WsOptions, *, held: bool) -> WebSocket:
        """A socket with an open session; raises as `connect`."""
        late_ns = self.take_lateness()
        try:
            target = parse_ws_target(url)
        except RequestFailure as failure:
            raise WebSocketError(failure.text, failure.code) from None
        socket = WebSocket(self, target, options, self._setup.log_of(target, options))
        await self._attempt(socket, options, late_ns)
        self._sockets.add(socket)
        if not held:
            self._of_iteration.add(socket)
        return socket

    async def reopen(self, socket: WebSocket, options: WsOptions, lost_ns: int) -> None:
        """Try to open a lost session again until it is, or the attempts are used up."""
        backoff = options.backoff
        assert backoff is not None, "it was asked for"
        chance = random.Random(f"{self._seed}/{lost_ns}")
        outcome = UNKNOWN
        try:
            for attempt in range(backoff.attempts):
                await asyncio.sleep(backoff.delay_s(attempt, chance))
                try:
                    await self._attempt(socket, options, ABSENT)
                except WebSocketError as error:
                    outcome = failed(error.error, error.error_code, error.status)
                    continue
                outcome = OK
                break
        except asyncio.CancelledError:
            outcome = UNKNOWN if self.cut else failed("request canceled")
            raise
        finally:
            at_ns = clock.now_ns()
            socket.log.reconnected(self._sample_tags(), outcome, at_ns - lost_ns, at_ns)

    async def _attempt(self, socket: WebSocket, options: WsOptions, late_ns: int) -> None:
        """Try to open a session; whatever happens, it is one sample of each kind.

        Raises:
            WebSocketError: if it cannot be opened.
            asyncio.CancelledError: if the client is closed.
        """
        if self._closed:
            await asyncio.sleep(0)  # or a loop that asks again and again would stop all others
            raise asyncio.CancelledError
        log, user, target = socket.log, self._sample_tags(), socket.target
        watch = Stopwatch(clock.now_ns())
        log.attempted(user, watch.began_ns)
        try:
            self._setup.http.guard.refuse_others(target.http)
            async with asyncio.timeout(options.timeout_ns / NS_PER_S):
                cookies = self._http.cookies.for_target(target.http)
                line = await open_line(
                    self._setup.http.dialer,
                    target,
                    self._setup.traced(options),
                    cookies=cookies,
                    watch=watch,
                    owner=socket,
                )
        except RequestFailure as error:
            failure, at_ns = error, clock.now_ns()
        except TimeoutError:
            # Timers of the loop have a grain of 1 ms and may fire early: never below the limit.
            at_ns = max(clock.now_ns(), watch.began_ns + options.timeout_ns)
            failure = timeout_failure(dialling=watch.dialling)
        except asyncio.CancelledError:
            at_ns = clock.now_ns()
            timings = ConnectTimings.of(watch, at_ns)
            outcome = UNKNOWN if self.cut else failed(CanceledError().text, CanceledError().code)
            log.connected(user, outcome, timings, late_ns, at_ns)
            if not self.cut:
                log.judged(user, (("error", "request canceled"),), failed=True, at_ns=at_ns)
            raise
        else:
            timings = ConnectTimings.of(watch, line.opened_ns)
            status = (("expected_response", "true"), ("status", "101"))
            log.connected(user, status, timings, late_ns, line.opened_ns)
            socket.opened(line, timings)
            return
        status_code = getattr(failure, "status", 0)
        outcome = failed(failure.text, failure.code, status_code)
        log.connected(user, outcome, ConnectTimings.of(watch, at_ns), late_ns, at_ns)
        log.judged(
            user, tuple(p for p in outcome if p[0] != "expected_response"), failed=True, at_ns=at_ns
        )
        raise WebSocketError(failure.text, failure.code, status_code)


class Connecting:
    """A session that is asked for: to be awaited, or entered with `async with`, once."""

    __slots__ = ("_client", "_options", "_socket", "_url")

    def __init__(self, client: WsClient, url: str, options: WsOptions) -> None:
        self._client = client
        self._url = url
        self._options = options
        self._socket: WebSocket | None = None

    def __await__(self) -> Generator[Any, Any, WebSocket]:
        return self._client.open(self._url, self._options, held=False).__await__()

    async def __aenter__(self) -> WebSocket:
        self._socket = await self
        return self._socket

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        socket = self._socket
        if socket is None:
            return
        if isinstance(error, asyncio.CancelledError):
            # Whoever is canceled does not wait: the close frame is out, and that is that.
            socket.begin_closing()
            socket.give_up(NORMAL)
        else:
            await socket.close()
