"""From a stream that has ended to its samples.

They are recorded once, when the outcome is known, as those of every request are: what a failed
stream has brought stands apart, under `expected_response:false`. Of a stream that the run cut off,
what was known is known, and what was still to come is censored at its age.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import Tags, tags_of
from atlas_perf.protocols.http.recording import HttpRecorder, RequestLog
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.http.timings import ABSENT
from atlas_perf.protocols.sse.event_reader import EventReader
from atlas_perf.protocols.sse.token_times import TokenTimes


class EndedBy(StrEnum):
    """Who ended a stream: a tag of `sse_duration`, but for the cut, which is no end."""

    SERVER = "server"
    SCENARIO = "scenario"
    FAILURE = "failure"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """How a stream ended."""

    request: Request
    user_tags: Tags
    response: Response
    ended_by: EndedBy


class StreamLog:
    """Records one stream."""

    def __init__(self, recorder: HttpRecorder, log: RequestLog, stall_ns: int) -> None:
        self._recorder = recorder
        self._log = log
        self._stall_ns = stall_ns

    def record(self, end: StreamEnd, reader: EventReader, tokens: TokenTimes | None) -> None:
        """All samples of a stream that has ended."""
        at_ns = end.response.ended_ns
        self._record_known(self._known_tags(end, reader), end, reader, tokens)
        if end.ended_by is EndedBy.CUT:
            self._record_ages(end, reader, tokens)
        elif (sent_ns := _sent_ns(reader)) != ABSENT:
            known = self._known_tags(end, reader)
            tags = tags_of({**dict(known), "ended_by": str(end.ended_by)})
            self._adder(tags, at_ns)("sse_duration", (at_ns - sent_ns,))

    def _record_known(
        self, tags: Tags, end: StreamEnd, reader: EventReader, tokens: TokenTimes | None
    ) -> None:
        if not reader.status:
            return
        at_ns = end.response.ended_ns
        sent_ns = _sent_ns(reader)
        add = self._adder(tags, at_ns)
        add("sse_events", (reader.events,))
        add("sse_bytes", (reader.body_bytes,))
        add("sse_malformed", (reader.parser.malformed,))
        add("sse_stalls", (self._stalls(reader, at_ns),))
        add("sse_event_gap", reader.gaps_ns)
        if reader.first_ns != ABSENT:
            add("sse_time_to_first_event", (reader.first_ns - sent_ns,))
        if tokens is None:
            return
        add("llm_output_tokens", (tokens.tokens,))
        add("llm_inter_token_latency", tokens.gaps_ns)
        if tokens.first_ns != ABSENT:
            add("llm_time_to_first_token", (tokens.first_ns - sent_ns,))
        if end.ended_by is EndedBy.CUT:
            return  # a mean of an answer that was not whole
        if tokens.per_output_token_ns != ABSENT:
            add("llm_time_per_output_token", (tokens.per_output_token_ns,))
        if tokens.per_s != ABSENT:
            add("llm_output_tokens_per_second", (tokens.per_s,))

    def _record_ages(self, end: StreamEnd, reader: EventReader, tokens: TokenTimes | None) -> None:
        """What was still to come when the run was cut, and how old it was by then."""
        at_ns = end.response.ended_ns
        sent_ns = _sent_ns(reader)
        began_ns = at_ns if sent_ns == ABSENT else sent_ns
        add = self._adder(self._log.censored_tags(end.user_tags, end.request, end.response), at_ns)
        add("sse_duration", (at_ns - began_ns,))
        if reader.first_ns == ABSENT:
            add("sse_time_to_first_event", (at_ns - began_ns,))
        else:
            add("sse_event_gap", (at_ns - reader.last_ns,))
        if tokens is None:
            return
        if tokens.first_ns == ABSENT:
            add("llm_time_to_first_token", (at_ns - began_ns,))
        else:
            add("llm_inter_token_latency", (at_ns - tokens.last_ns,))

    def _known_tags(self, end: StreamEnd, reader: EventReader) -> Tags:
        response = end.response
        if end.ended_by is EndedBy.CUT:
            response = Response(
                status=reader.status, method=response.method, url=response.url, proto=reader.proto
            )
        return self._log.outcome_tags(end.user_tags, end.request, response)

    def _stalls(self, reader: EventReader, at_ns: int) -> int:
        """Silences beyond the limit between events, and from the last one to the end."""
        stalls = sum(1 for gap_ns in reader.gaps_ns if gap_ns > self._stall_ns)
        silent_ns = at_ns - reader.last_ns
        return stalls + (reader.first_ns != ABSENT and silent_ns > self._stall_ns)

    def _adder(self, tags: Tags, at_ns: int) -> Callable[[str, Iterable[float]], None]:
        def add(metric: str, values: Iterable[float]) -> None:
            number = self._recorder.series(BUILTIN_METRICS[metric], tags)
            for value in values:
                self._recorder.add(number, value, at_ns)

        return add


def _sent_ns(reader: EventReader) -> int:
    """When the first byte of the last request was handed over; ABSENT if it never was."""
    return ABSENT if reader.watch is None else reader.watch.send_began_ns
