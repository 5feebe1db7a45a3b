"""From what happens to sessions and messages to samples: the tags, and where they are recorded."""

from __future__ import annotations

from atlas_perf.model.metric import BUILTIN_METRICS, WS_PHASES
from atlas_perf.model.phase import PHASE_TAG
from atlas_perf.model.series import UNKNOWN_OUTCOME, Tags, tags_of
from atlas_perf.protocols.http.folding import folded
from atlas_perf.protocols.http.recording import HttpRecorder
from atlas_perf.protocols.http.timings import ABSENT
from atlas_perf.protocols.ws.opening import ConnectTimings
from atlas_perf.protocols.ws.ws_options import WsOptions
from atlas_perf.protocols.ws.ws_target import WsTarget

_REMEMBERED_SERIES = 4096
"""Series that are remembered to spare building and sorting tags; then it starts afresh."""

OK: Tags = (("expected_response", "true"),)
UNKNOWN: Tags = (("expected_response", UNKNOWN_OUTCOME),)

_OUTCOMES_OF_MESSAGES = (
    "ws_msgs_lost",
    "ws_msgs_late",
    "ws_msgs_duplicate",
    "ws_msgs_out_of_order",
)
_LOST, _LATE, _DUPLICATE, _OUT_OF_ORDER = _OUTCOMES_OF_MESSAGES


def failed(error: str, error_code: int = 0, status: int = 0) -> Tags:
    """The tags of a failure."""
    tags = [("error", error)]
    if error_code:
        tags.append(("error_code", str(error_code)))
    tags.append(("expected_response", "false"))
    if status:
        tags.append(("status", str(status)))
    return tuple(tags)


def closed(code: int, error: str) -> Tags:
    """The tags of a session that was lost; `close_code` is what tells why."""
    return (("close_code", str(code)), *failed(error))


class SessionLog:
    """Records all sessions of one scenario that have a name and tags in common."""

    def __init__(self, recorder: HttpRecorder, own: Tags, *, phased: bool) -> None:
        """`own` are the tags of the session; `phased`: see `RequestLog`."""
        self._recorder = recorder
        self._own = dict(own)
        self._phased = phased
        self._numbers: dict[tuple[str, Tags, Tags], int] = {}
        self._asked: set[tuple[Tags, Tags]] = set()

    def attempted(self, user: Tags, at_ns: int) -> None:
        """One more session begins to be opened."""
        self._add("ws_sessions", user, (), 1, at_ns)

    def connected(
        self, user: Tags, outcome: Tags, timings: ConnectTimings, late_ns: int, at_ns: int
    ) -> None:
        """How long it took to open it, or not to."""
        self._add("ws_connecting", user, outcome, timings.total_ns, at_ns)
        for name, phase_ns in zip(
            WS_PHASES,
            (
                timings.looking_up_ns,
                timings.tcp_connecting_ns,
                timings.tls_handshaking_ns,
                timings.upgrading_ns,
            ),
            strict=True,
        ):
            if phase_ns != ABSENT:
                self._add(name, user, outcome, phase_ns, at_ns)
        self._responded(user, outcome, "connect", timings.total_ns, late_ns, at_ns)

    def judged(self, user: Tags, tags: Tags, *, failed: bool, at_ns: int) -> None:
        """What became of a session, once it is known."""
        self._add("ws_session_failed", user, tags, failed, at_ns)

    def lasted(self, user: Tags, outcome: Tags, duration_ns: int, at_ns: int) -> None:
        """From its opening to its end."""
        self._add("ws_session_duration", user, outcome, duration_ns, at_ns)

    def sent(self, user: Tags, wire_bytes: int, at_ns: int) -> None:
        """One message."""
        self._add("ws_msgs_sent", user, (), 1, at_ns)
        self._data("data_sent", user, wire_bytes, at_ns)

    def received(self, user: Tags, wire_bytes: int, at_ns: int) -> None:
        """One message."""
        self._add("ws_msgs_received", user, (), 1, at_ns)
        self._data("data_received", user, wire_bytes, at_ns)

    def unread(self, user: Tags, messages: int, at_ns: int) -> None:
        """Messages that nobody will read."""
        self._add("ws_msgs_unread", user, (), messages, at_ns)

    def pinged(self, user: Tags, outcome: Tags, age_ns: int, at_ns: int) -> None:
        """From a ping to its pong."""
        self._add("ws_ping", user, outcome, age_ns, at_ns)

    def asked(self, user: Tags, own: Tags, at_ns: int) -> None:
        """A message goes out that is to be answered. That none is lost is a sample, too."""
        key = (user, own)
        if key in self._asked:
            return
        if len(self._asked) >= _REMEMBERED_SERIES:
            self._asked.clear()
        self._asked.add(key)
        for name in _OUTCOMES_OF_MESSAGES:
            self._add(name, user, own, 0, at_ns)

    def answered(
        self,
        user: Tags,
        own: Tags,
        rtt_ns: int,
        *,
        late_ns: int,
        out_of_order: bool,
        at_ns: int,
    ) -> None:
        """A message got its answer in time."""
        tags = own + OK
        self._add("ws_rtt", user, tags, rtt_ns, at_ns)
        self._add("ws_rtt_failed", user, own, False, at_ns)
        self._responded(user, tags, "rtt", rtt_ns, late_ns, at_ns)
        if out_of_order:
            self._add(_OUT_OF_ORDER, user, own, 1, at_ns)

    def lost(
        self, user: Tags, own: Tags, error: str, age_ns: int, *, late_ns: int, at_ns: int
    ) -> None:
        """A message that will have no answer in time."""
        tags = own + failed(error)
        self._add("ws_rtt", user, tags, age_ns, at_ns)
        self._add("ws_rtt_failed", user, (*own, ("error", error)), True, at_ns)
        self._add(_LOST, user, own, 1, at_ns)
        self._responded(user, tags, "rtt", age_ns, late_ns, at_ns)

    def censored(self, user: Tags, own: Tags, age_ns: int, *, late_ns: int, at_ns: int) -> None:
        """A message whose answer the run did not wait for."""
        tags = own + UNKNOWN
        self._add("ws_msgs_censored", user, tags, 1, at_ns)
        self._add("ws_rtt", user, tags, age_ns, at_ns)
        self._responded(user, tags, "rtt", age_ns, late_ns, at_ns)

    def came_late(self, user: Tags, at_ns: int) -> None:
        """An answer to a message that counts as lost."""
        self._add(_LATE, user, (), 1, at_ns)

    def came_again(self, user: Tags, at_ns: int) -> None:
        """An answer to a message that has had one."""
        self._add(_DUPLICATE, user, (), 1, at_ns)

    def reconnected(self, user: Tags, outcome: Tags, age_ns: int, at_ns: int) -> None:
        """From the loss of a session to the one that took its place, or to giving up."""
        if outcome == OK:
            self._add("ws_reconnects", user, (), 1, at_ns)
        self._add("ws_reconnecting", user, outcome, age_ns, at_ns)

    def open_sessions(self, scenario: Tags, number: int, at_ns: int) -> None:
        """How many there are now in the scenario, on this worker."""
        series = self._recorder.series(BUILTIN_METRICS["ws_sessions_open"], scenario)
        self._recorder.add(series, number, at_ns)

    def _responded(  # noqa: PLR0917 - a private one, called three times
        self, user: Tags, tags: Tags, what: str, age_ns: int, late_ns: int, at_ns: int
    ) -> None:
        if late_ns != ABSENT:
            of_what = (*tags, ("operation", what))
            self._add("ws_response_time", user, of_what, late_ns + age_ns, at_ns)

    def _data(self, metric: str, user: Tags, amount_bytes: int, at_ns: int) -> None:
        """Under the tags of the user alone, as those of HTTP."""
        key = (metric, user, ())
        number = self._numbers.get(key)
        if number is None:
            number = self._remember(key, user)
        self._recorder.add(number, amount_bytes, at_ns)

    def _add(self, metric: str, user: Tags, tags: Tags, value: float, at_ns: int) -> None:
        key = (metric, user, tags)
        number = self._numbers.get(key)
        if number is None:
            mine = dict(user)
            kept = {PHASE_TAG: mine[PHASE_TAG]} if self._phased and PHASE_TAG in mine else {}
            whole = tags_of({**mine, **self._own, **dict(tags), **kept})
            number = self._remember(key, whole)
        self._recorder.add(number, value, at_ns)

    def _remember(self, key: tuple[str, Tags, Tags], tags: Tags) -> int:
        if len(self._numbers) >= _REMEMBERED_SERIES:
            self._numbers.clear()
        number = self._recorder.series(BUILTIN_METRICS[key[0]], tags)
        self._numbers[key] = number
        return number


def own_tags(target: WsTarget, options: WsOptions, *, fold_urls: bool) -> Tags:
    """The tags of the samples of a session, besides the user's: k6's `url` and `name`."""
    name = options.name or (folded(target.tag_url) if fold_urls else target.tag_url)
    return tags_of({**options.tags, "url": name, "name": name})
