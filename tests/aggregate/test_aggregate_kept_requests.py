"""Which single requests a run ends up telling of."""

from __future__ import annotations

from dataclasses import fields

from atlas_perf.aggregate.kept_requests import ALIKE, FAILURES, SLOWEST, KeptRequests
from atlas_perf.model.request_sample import RequestSample, SampleReason


def request(reason: SampleReason, **known: object) -> RequestSample:
    texts = {one.name: "" for one in fields(RequestSample) if one.type == "str"}
    times = {one.name: 0 for one in fields(RequestSample) if one.type == "int"}
    return RequestSample(reason=reason, **{**texts, **times, **known})


def slow(duration_ns: int, at_ns: int = 0) -> RequestSample:
    return request(SampleReason.SLOW, duration_ns=duration_ns, at_ns=at_ns)


def failed(status: int, at_ns: int) -> RequestSample:
    return request(SampleReason.FAILED, status=status, at_ns=at_ns)


def test_the_slowest_are_kept_slowest_first() -> None:
    kept = KeptRequests()
    for second in range(50):
        kept.add([slow(second * 10 + k) for k in range(5)])
    durations = [sample.duration_ns for sample in kept.in_order()]
    everything = sorted((second * 10 + k for second in range(50) for k in range(5)), reverse=True)
    assert durations == everything[:SLOWEST]


def test_of_two_that_took_as_long_the_earlier_one_is_kept() -> None:
    kept = KeptRequests()
    kept.add([slow(7, at_ns) for at_ns in range(SLOWEST + 9)])
    assert [sample.at_ns for sample in kept.in_order()] == list(range(SLOWEST))


def test_the_first_failures_of_each_kind_are_kept() -> None:
    kept = KeptRequests()
    kept.add([failed(503, at_ns) for at_ns in range(9)])
    kept.add([failed(500, 20)])
    kept.add([failed(503, 30)])
    assert [(one.status, one.at_ns) for one in kept.in_order()] == [
        *((503, at_ns) for at_ns in range(ALIKE)),
        (500, 20),
    ]


def test_there_is_an_end_to_kinds_of_failures() -> None:
    kept = KeptRequests()
    kept.add([failed(status, status) for status in range(10_000)])
    assert [one.status for one in kept.in_order()] == list(range(FAILURES))


def test_workers_together_keep_what_one_would_have_kept() -> None:
    one, other = KeptRequests(), KeptRequests()
    one.add([slow(5), failed(503, 4), failed(503, 5), slow(1)])
    other.add([failed(503, 1), slow(9), failed(503, 6), failed(404, 2)])
    together = KeptRequests.together([one, other]).in_order()
    assert [(sample.status, sample.at_ns, sample.duration_ns) for sample in together] == [
        (503, 1, 0),
        (503, 4, 0),
        (503, 5, 0),
        (404, 2, 0),
        (0, 0, 9),
        (0, 0, 5),
        (0, 0, 1),
    ]
