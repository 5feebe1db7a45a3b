"""One client's STOMP conversation: what each frame does, and what is answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from atlas_perf.target.answers import Refusal
from atlas_perf.target.auth import BearerCheck
from atlas_perf.target.bodies import Json
from atlas_perf.target.collaboration.outbox import Outbox, text_frame
from atlas_perf.target.collaboration.session import Session
from atlas_perf.target.stomp import frames, sockjs
from atlas_perf.target.stomp.events import action_of, event_type, read_data, topic_of
from atlas_perf.target.stomp.frames import Frame, FrameError
from atlas_perf.target.stomp.heartbeats import Agreement, Heartbeats, agree
from atlas_perf.target.stomp.topics import Topics

VERSION = "1.2"
SERVER = "atlas-perf-target"
MAX_SUBSCRIPTIONS = 16
"""Of one session: more are refused."""


class Conversation:
    """State of one session. `take` is called for each frame; False ends the session.

    `check` is asked for the CONNECT's `Authorization`, unless the handshake's was good; None if
    everybody may speak.
    """

    def __init__(
        self,
        session: Session,
        run_id: str,
        *,
        outbox: Outbox,
        topics: Topics,
        check: BearerCheck | None,
        pack: Callable[[bytes], bytes] = text_frame,
        now_unix_s: Callable[[], float] = time.time,
    ) -> None:
        self._session = session
        self._run_id = run_id
        self._topic = topic_of(run_id)
        self._outbox = outbox
        self._topics = topics
        self._check = check
        self._pack = pack
        self._now_unix_s = now_unix_s
        self._is_connected = False
        self._subscriptions: dict[str, str] = {}
        self._heartbeats: Heartbeats | None = None

    def take(self, frame: Frame) -> bool:
        """Do what a frame asks for.

        Returns:
            False if the session is over: a DISCONNECT.

        Raises:
            FrameError: the frame has no place here. The answer is an ERROR, then the end.
            Refusal: so does this one, with a reason of its own.
        """
        if not self._is_connected:
            self._connect(frame)
            return True
        match frame.command:
            case "SEND":
                self._send(frame)
            case "SUBSCRIBE":
                self._subscribe(frame.headers)
            case "UNSUBSCRIBE":
                self._unsubscribe(frame.headers)
            case "DISCONNECT":
                pass
            case "CONNECT" | "STOMP":
                raise FrameError("this session is connected already")
            case _:
                raise FrameError(
                    f"{frame.command} is not served: no acknowledgements, no transactions"
                )
        receipt = frame.headers.get("receipt")
        if receipt is not None:
            self._answer("RECEIPT", {"receipt-id": receipt})
        return frame.command != "DISCONNECT"

    def heard(self) -> None:
        """The client sent something, a heart-beat perhaps."""
        if self._heartbeats is not None:
            self._heartbeats.heard()

    def refuse(self, problem: str, frame: Frame | None) -> None:
        """Say in an ERROR what was wrong; the session must be closed then (STOMP 1.2, ERROR)."""
        headers = {"message": problem, "content-type": "text/plain"}
        if not self._is_connected:
            headers["version"] = VERSION
        receipt = frame.headers.get("receipt") if frame is not None else None
        if receipt is not None:
            headers["receipt-id"] = receipt
        self._answer("ERROR", headers, problem.encode())

    def say_goodbye(self) -> None:
        """The close frame of SockJS, which comes before that of the WebSocket."""
        if not self._session.closing:
            self._session.write(sockjs.GOODBYE)

    def end(self) -> None:
        """Leave everything, however the session ended."""
        if self._heartbeats is not None:
            self._heartbeats.stop()
        self._topics.part(self._topic, self._session.user)
        for subscription, destination in self._subscriptions.items():
            self._topics.leave(destination, self._session, subscription)
        self._subscriptions.clear()

    def _connect(self, frame: Frame) -> None:
        if frame.command not in ("CONNECT", "STOMP"):
            raise FrameError(f"{frame.command} came before CONNECT")
        if VERSION not in frame.headers.get("accept-version", "1.0").split(","):
            raise FrameError(f"accept-version does not hold {VERSION}, the only version served")
        if self._check is not None:
            self._check(frame.headers.get("Authorization", ""))
        agreement = agree(frame.headers.get("heart-beat", "0,0"))
        self._session.user = frame.headers.get("X-User-Id") or self._session.user
        self._is_connected = True
        self._answer(
            "CONNECTED",
            {
                "version": VERSION,
                "server": SERVER,
                "heart-beat": f"{agreement.server_sends_ms},{agreement.client_sends_ms}",
                "user-name": self._session.user,
            },
        )
        self._start_heartbeats(agreement)

    def _start_heartbeats(self, agreement: Agreement) -> None:
        # A heart-beat is a sign of life and no message: it is not counted, as a ping is not.
        def beat() -> None:
            if not self._session.closing:
                self._session.write(self._pack(frames.HEARTBEAT))

        if agreement != Agreement(0, 0):
            self._heartbeats = Heartbeats(agreement, beat=beat, dead=self._session.cut_off)

    def _subscribe(self, headers: Mapping[str, str]) -> None:
        subscription, destination = _needed(headers, "id"), _needed(headers, "destination")
        if not destination.startswith(f"/topic/runs/{self._run_id}/"):
            raise FrameError("destination must be a topic of this connection's run")
        if headers.get("ack", "auto") != "auto":
            raise FrameError("ack must be auto: messages are not kept")
        if subscription in self._subscriptions:
            raise FrameError("id is that of another subscription")
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise FrameError(f"a session has at most {MAX_SUBSCRIPTIONS} subscriptions")
        self._subscriptions[subscription] = destination
        self._topics.enter(destination, self._session, subscription)

    def _unsubscribe(self, headers: Mapping[str, str]) -> None:
        subscription = _needed(headers, "id")
        destination = self._subscriptions.pop(subscription, None)
        if destination is None:
            raise FrameError("id is that of no subscription")
        self._topics.leave(destination, self._session, subscription)

    def _send(self, frame: Frame) -> None:
        if "transaction" in frame.headers:
            raise FrameError("transactions are not served")
        action = action_of(_needed(frame.headers, "destination"), self._run_id)
        if action is None:
            raise FrameError("destination names no action of this connection's run")
        now_ms = int(self._now_unix_s() * 1000)
        data = read_data(action, frame.body, now_ms)
        if action == "join":
            self._topics.join(self._topic, self._session.user)
        elif action == "leave":
            self._topics.part(self._topic, self._session.user)
        if action in ("join", "leave"):
            data = self._topics.present(self._topic)
        event: Json = {
            "eventType": event_type(action),
            "userId": self._session.user,
            "timestamp": now_ms,
            "data": data,
        }
        if action != "ping":
            event["sequenceNumber"] = self._topics.next_sequence(self._topic)
        self._topics.broadcast(self._topic, event)

    def _answer(self, command: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        self._outbox.deliver(self._session, self._pack(frames.write(command, headers, body)))


def _needed(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise FrameError(f"the header {name} is missing")
    return value


def words_of(error: FrameError | Refusal) -> str:
    """What an ERROR frame says of it."""
    return error.message if isinstance(error, Refusal) else str(error)
