"""What must hold of one execution, whatever the server sent.

* Exactly one sample, failed as the response says, with phases that are not negative and add up.
* What the caller got is what the parser makes of this execution's own bytes in one piece, and, now
  and then, what llhttp makes of them: so no byte of another response, and none too few.
* The connection lives on exactly if that is in order.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from atlas_perf.protocols.http._response_reader import ResponseReader
from atlas_perf.protocols.http.decoding import BodyDecodingError
from atlas_perf.protocols.http.response import Response
from benchmarks.fuzz_client.inputs import Script

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "http_parser"))
_read_with_engine = import_module("engine_reader").read_with_engine
_read_with_llhttp = import_module("llhttp_reader").read_with_llhttp
_explanation = import_module("llhttp_differences").explanation

Numbers = tuple[int, ...]
"""A sample as it is recorded: its instant, its duration and its six phases."""


class BrokenPromiseError(Exception):
    """An execution that is not as it must be."""


def reading_of(method: str, delivered: bytes, *, ended: bool) -> ResponseReader:
    """What the parser makes of the bytes in one piece; `ended`: the server says that it is all."""
    reading = ResponseReader(method)
    reading.feed(delivered)
    if ended and delivered and not (reading.complete or reading.refusal):
        reading.end_of_stream()
    return reading


@dataclass(slots=True)
class Execution:
    """One request and what became of it."""

    script: Script
    number: int
    delivered: bytes = b""
    ended: bool = False  # the server has closed
    was_reset: bool = False
    canceled: bool = False
    cut_off: bool = False  # its client was closed
    censored: int = 0  # samples of that kind
    served: bool = False  # its request was seen
    samples: list[tuple[dict[str, str], bool, Numbers]] = field(default_factory=list)
    reading: ResponseReader | None = None

    def read(self) -> ResponseReader:
        """What the parser makes of all that was delivered."""
        if self.reading is None:
            in_order = self.ended and not self.was_reset
            self.reading = reading_of(self.script.method, self.delivered, ended=in_order)
        return self.reading

    @property
    def must_end(self) -> bool:
        """True if no more can come that decides about the response."""
        reading = self.read()
        return bool(self.ended or self.canceled or reading.complete or reading.refusal)

    @property
    def keeps_connection(self) -> bool:
        """True if another request may follow on the connection."""
        reading = self.read()
        head = reading.head
        in_order = reading.complete and head is not None and head.keep_alive
        return bool(in_order and not reading.surplus and not self.ended)


def complaint(execution: Execution, task: asyncio.Task[Response]) -> str:
    """What is wrong with an execution that has ended; "" if nothing is."""
    counted = len(execution.samples) + execution.censored
    if counted != 1 or execution.censored:
        cut_off = counted == 1 and task.cancelled() and execution.cut_off
        return "" if cut_off else f"{counted} samples, or cut off by nobody"
    tags, failed, numbers = execution.samples[0]
    if task.cancelled():
        if not execution.canceled or not failed or tags.get("error") != "request canceled":
            return f"cancelled by nobody, or not counted as that: {tags}"
        return wrong_phases(numbers, answered=False)
    if (raised := task.exception()) is not None:
        return f"raised {raised!r}"
    response = task.result()
    if failed == response.ok or tags["status"] != str(response.status):
        return f"the sample is of something else: {tags}, {response!r}"
    return (
        wrong_phases(numbers, answered=response.status != 0)
        or _wrong_response(execution, response)
        or (_otherwise(execution, response) if execution.number % 32 == 0 else "")
    )


def wrong_phases(numbers: Numbers, *, answered: bool) -> str:
    """Phases that are negative, missing or do not add up; "" if none is."""
    _, duration_ns, *phases = numbers
    took = phases[3:] if answered else phases
    if min(phases) < -1 or duration_ns != sum(max(phase, 0) for phase in took):
        return f"phases do not add up: {numbers}"
    if answered and min(took) < 0:
        return f"answered without a phase: {numbers}"
    return ""


def _wrong_response(execution: Execution, response: Response) -> str:
    reading, script = execution.read(), execution.script
    if not reading.complete or (script.times_out and not response.status):
        return _wrong_failure(execution, response)
    return wrong_content(reading, response, reads_all=script.reads_all)


def wrong_content(reading: ResponseReader, response: Response, *, reads_all: bool) -> str:
    """Where a response differs from what the parser read in one piece; "" if nowhere."""
    head = reading.head
    assert head is not None
    if response.status != head.status:
        return f"status {response.status} instead of {head.status}: {response!r}"
    if response.wire_body != reading.body or response.body_bytes != len(reading.body):
        return f"body {response.wire_body!r} instead of {reading.body!r}"
    if reads_all:
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.fields]
        if list(response.headers.fields) != fields:
            return f"fields {response.headers.fields} instead of {fields}"
        if response.reason != head.reason.decode("latin-1"):
            return f"reason {response.reason!r} instead of {head.reason!r}"
        _look_at_everything(response)
    return ""


def _wrong_failure(execution: Execution, response: Response) -> str:
    if execution.script.times_out and response.error_code in (1050, 1211):
        return ""  # before the server had done all that it meant to
    if not execution.served and execution.script.method == "POST":
        # On a kept connection that was dead, and not to be repeated.
        return "" if response.error.endswith("before the response") else repr(response)
    where = "within the response" if execution.delivered else "before the response"
    if execution.read().refusal and not execution.read().refusal.startswith("truncated"):
        expected = "malformed response: "
    elif execution.was_reset:
        expected = f"connection reset by peer {where}"
    elif execution.ended:
        expected = f"connection closed {where}"
    else:
        return f"ended before its time: {response!r}"
    if response.status != 0 or not response.error.startswith(expected):
        return f"{response!r} instead of {expected!r}"
    return ""


def _look_at_everything(response: Response) -> None:
    """Nothing that a caller may read raises anything but what it says."""
    _ = (response.cookies, response.proto, response.timings, repr(response))
    try:
        response.text()
        response.json()
    except (BodyDecodingError, ValueError):
        pass


def _otherwise(execution: Execution, response: Response) -> str:
    return otherwise_for_llhttp(execution.script.method, execution.delivered, response)


def otherwise_for_llhttp(method: str, delivered: bytes, response: Response) -> str:
    """Where llhttp reads something else; "" if nowhere, or where it is known to."""
    if method == "HEAD" or not delivered:
        return ""
    engine = _read_with_engine([delivered])
    llhttp = _read_with_llhttp([delivered])
    if _explanation(delivered, engine):
        return ""
    final: list[Any] = [each for each in llhttp.messages if each.kind != "interim"]
    if final and (final[0].status, final[0].body) != (response.status, response.wire_body):
        return f"llhttp reads {final[0]}"
    if not final and llhttp.refusal and response.status:
        return f"llhttp refuses: {llhttp.refusal}"
    return ""
