"""From the outcome of a round trip to samples: the tags, and where they are recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from atlas_perf.model.metric import BUILTIN_METRICS, HTTP_RESPONSE_TIME, Metric
from atlas_perf.model.phase import PHASE_TAG
from atlas_perf.model.series import UNKNOWN_OUTCOME, Tags, tags_of
from atlas_perf.protocols.http.folding import folded
from atlas_perf.protocols.http.timings import ABSENT, Timings

if TYPE_CHECKING:
    from atlas_perf.protocols.http.request import Request
    from atlas_perf.protocols.http.request_samples import RequestSamples
    from atlas_perf.protocols.http.response import Response

_CENSORED = BUILTIN_METRICS["http_reqs_censored"]
_RESPONSE_TIME = BUILTIN_METRICS[HTTP_RESPONSE_TIME]
_POOL_WAIT = BUILTIN_METRICS["http_req_pool_wait"]
_LOOKING_UP = BUILTIN_METRICS["http_req_looking_up"]
_DATA_SENT = BUILTIN_METRICS["data_sent"]
_DATA_RECEIVED = BUILTIN_METRICS["data_received"]

_REMEMBERED_SERIES = 4096
"""Series that are remembered to spare building and sorting tags; then it starts afresh."""


class HttpSeries(Protocol):
    """All metrics of one round trip under one tag set."""

    def record(  # noqa: PLR0917 - one positional call per request on the hot path
        self,
        at_ns: int,
        duration_ns: int,
        blocked_ns: int,
        connecting_ns: int,
        tls_handshaking_ns: int,
        sending_ns: int,
        waiting_ns: int,
        receiving_ns: int,
        /,
    ) -> None:
        """One request more: http_reqs, http_req_failed and the trends. -1: no such phase."""
        ...


class HttpRecorder(Protocol):
    """Where samples go: the part of the worker's recorder that this package uses."""

    def http_series(self, tags: Tags, failed: bool, /) -> HttpSeries: ...
    def series(self, metric: Metric, tags: Tags, /) -> int: ...
    def add(self, number: int, value: float, at_ns: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What tells one series of requests from another, besides the user's own tags."""

    method: str
    url: str
    name: str | None
    status: int
    proto: str
    tls_version: str
    error: str
    error_code: int
    failed: bool


def outcome_of(request: Request, response: Response) -> Outcome:
    """What a request came to, as its series tell it."""
    return Outcome(
        method=response.method,
        url=response.url,
        name=request.name,
        status=response.status,
        proto=response.proto,
        tls_version=response.tls_version,
        error=response.error,
        error_code=response.error_code,
        failed=not response.ok,
    )


class RequestLog:
    """Records the round trips of all clients that share a recorder and options."""

    def __init__(
        self,
        recorder: HttpRecorder,
        *,
        fold_urls: bool = True,
        phased: bool = False,
        samples: RequestSamples | None = None,
    ) -> None:
        """`fold_urls`: without a name, tag a URL with its ids folded.

        `phased`: the user's tags say the phase of the load, and a request's own cannot.

        `samples`: is offered each request, to be told of by itself.
        """
        self._recorder = recorder
        self._phased = phased
        self._samples = samples
        self.fold_urls = fold_urls
        self._http: dict[tuple[Tags, Tags, Outcome], HttpSeries] = {}
        self._response_times: dict[tuple[Tags, Tags, Outcome], int] = {}
        self._data: dict[Tags, tuple[int, int]] = {}

    def record_response(
        self,
        request: Request,
        user_tags: Tags,
        response: Response,
        *,
        late_ns: int,
        sent_bytes: int,
        received_bytes: int,
        at_ns: int,
    ) -> None:
        """One round trip that ended, well or not, at `at_ns`.

        `late_ns` is how long before the call it was due, ABSENT in the closed model.
        """
        outcome = outcome_of(request, response)
        self._record(user_tags, request.tags, outcome, response.timings, at_ns)
        if late_ns != ABSENT:
            number = self.response_series(user_tags, request.tags, outcome)
            self._recorder.add(number, late_ns + response.timings.total_ns, at_ns)
        if self._samples is not None:
            name = self._name(outcome)
            self._samples.offer(response, name, user_tags, late_ns=late_ns, at_ns=at_ns)
        self._record_data(user_tags, sent_bytes, received_bytes, at_ns)

    def record_censored(
        self,
        request: Request,
        user_tags: Tags,
        response: Response,
        *,
        late_ns: int,
        sent_bytes: int,
        received_bytes: int,
        at_ns: int,
    ) -> None:
        """One round trip that the run cut off in flight at `at_ns`; see `record_response`.

        It has no outcome, and so neither status nor error, and counts in no rate. Its age is where
        the time it took would have been, in a series of its own.
        """
        tags = self.censored_tags(user_tags, request, response)
        add, series = self._recorder.add, self._recorder.series
        add(series(_CENSORED, tags), 1, at_ns)
        for metric, age_ns in response.timings.ages().items():
            add(series(BUILTIN_METRICS[metric], tags), age_ns, at_ns)
        if late_ns != ABSENT:
            add(series(_RESPONSE_TIME, tags), late_ns + response.timings.total_ns, at_ns)
        self._record_data(user_tags, sent_bytes, received_bytes, at_ns)

    def outcome_tags(self, user_tags: Tags, request: Request, response: Response) -> Tags:
        """The tags of samples about a request that came to this response."""
        return self._tags(user_tags, request.tags, outcome_of(request, response))

    def censored_tags(self, user_tags: Tags, request: Request, response: Response) -> Tags:
        """The tags of the age of something that was still under way when the run was cut."""
        name = self._name(outcome_of(request, response))
        system = {
            "method": response.method,
            "url": name,
            "name": name,
            "expected_response": UNKNOWN_OUTCOME,
        }
        return self._with_system(user_tags, request.tags, system)

    def _record(
        self,
        user_tags: Tags,
        request_tags: Mapping[str, str],
        outcome: Outcome,
        timings: Timings,
        at_ns: int,
    ) -> None:
        series = self.series(user_tags, request_tags, outcome)
        series.record(
            at_ns,
            timings.duration_ns,
            timings.blocked_ns,
            timings.connecting_ns,
            timings.tls_handshaking_ns,
            timings.sending_ns,
            timings.waiting_ns,
            timings.receiving_ns,
        )
        for metric, wait_ns in (
            (_POOL_WAIT, timings.pool_wait_ns),
            (_LOOKING_UP, timings.looking_up_ns),
        ):
            if wait_ns != ABSENT:
                tags = self._tags(user_tags, request_tags, outcome)
                self._recorder.add(self._recorder.series(metric, tags), wait_ns, at_ns)

    def _record_data(self, user_tags: Tags, sent: int, received: int, at_ns: int) -> None:
        sent_number, received_number = self.data_series(user_tags)
        if sent:
            self._recorder.add(sent_number, sent, at_ns)
        if received:
            self._recorder.add(received_number, received, at_ns)

    def series(
        self, user_tags: Tags, request_tags: Mapping[str, str], outcome: Outcome
    ) -> HttpSeries:
        """Where round trips of one kind and outcome are recorded."""
        key = (user_tags, tuple(request_tags.items()), outcome)
        series = self._http.get(key)
        if series is None:
            tags = self._tags(user_tags, request_tags, outcome)
            series = self._recorder.http_series(tags, outcome.failed)
            if len(self._http) >= _REMEMBERED_SERIES:
                self._http.clear()
            self._http[key] = series
        return series

    def response_series(
        self, user_tags: Tags, request_tags: Mapping[str, str], outcome: Outcome
    ) -> int:
        """The number of the series of response times of one kind and outcome."""
        key = (user_tags, tuple(request_tags.items()), outcome)
        number = self._response_times.get(key)
        if number is None:
            tags = self._tags(user_tags, request_tags, outcome)
            number = self._recorder.series(_RESPONSE_TIME, tags)
            if len(self._response_times) >= _REMEMBERED_SERIES:
                self._response_times.clear()
            self._response_times[key] = number
        return number

    def _tags(self, user_tags: Tags, request_tags: Mapping[str, str], outcome: Outcome) -> Tags:
        return self._with_system(
            user_tags, request_tags, _system_tags(outcome, self._name(outcome))
        )

    def _with_system(
        self, user_tags: Tags, request_tags: Mapping[str, str], system: Mapping[str, str]
    ) -> Tags:
        texts = dict(user_tags)
        kept = {PHASE_TAG: texts[PHASE_TAG]} if self._phased and PHASE_TAG in texts else {}
        return tags_of({**texts, **request_tags, **system, **kept})

    def _name(self, outcome: Outcome) -> str:
        return outcome.name or (folded(outcome.url) if self.fold_urls else outcome.url)

    def data_series(self, user_tags: Tags) -> tuple[int, int]:
        """Numbers of the series of bytes sent and received, under the user's tags alone: k6 has no
        URL on these either."""
        numbers = self._data.get(user_tags)
        if numbers is None:
            numbers = (
                self._recorder.series(_DATA_SENT, user_tags),
                self._recorder.series(_DATA_RECEIVED, user_tags),
            )
            if len(self._data) >= _REMEMBERED_SERIES:
                self._data.clear()
            self._data[user_tags] = numbers
        return numbers


def _system_tags(outcome: Outcome, name: str) -> dict[str, str]:
    """k6's tags of a request. They win over a user's tag of the same name."""
    tags = {
        "method": outcome.method,
        "url": name,
        "name": name,
        "status": str(outcome.status),
        "expected_response": "false" if outcome.failed else "true",
    }
    if outcome.proto:
        tags["proto"] = outcome.proto
    if outcome.tls_version:
        tags["tls_version"] = outcome.tls_version
    if outcome.error:
        tags["error"] = outcome.error
    if outcome.error_code:
        tags["error_code"] = str(outcome.error_code)
    return tags
