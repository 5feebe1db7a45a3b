"""Batches as bytes: equal after the round trip, and refused when anything is wrong with them."""

from __future__ import annotations

import string
from dataclasses import fields
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packed_samples import pack_sample

from atlas_perf.model.batch import (
    Batch,
    CounterDelta,
    GaugeDelta,
    Ledger,
    NewSeries,
    RateDelta,
    ScenarioException,
    Stall,
    StallCause,
    TrendDelta,
    WorkerHealth,
)
from atlas_perf.model.metric import AcrossWorkers, Contains, Metric, MetricKind
from atlas_perf.model.request_sample import RequestSample, SampleReason
from atlas_perf.model.series import Series, tags_of
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.wire.batch_codec import decode_batch, encode_batch
from atlas_perf.wire.errors import WireError

NUMBERS = st.integers(0, 2**32 - 1)
COUNTS = st.integers(0, 2**62)
REALS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=10)

METRICS = st.builds(
    Metric,
    NAMES,
    st.sampled_from(MetricKind),
    st.sampled_from(Contains),
    st.sampled_from(AcrossWorkers),
)


@st.composite
def new_series(draw):
    metric = draw(METRICS)
    tags = tags_of(draw(st.dictionaries(TEXT, TEXT, max_size=4)))
    return NewSeries(draw(NUMBERS), metric, Series(metric.name, tags))


@st.composite
def rate_deltas(draw):
    samples = draw(COUNTS)
    return RateDelta(draw(NUMBERS), draw(st.integers(0, samples)), samples)


@st.composite
def gauge_deltas(draw):
    low, last, high = sorted(draw(st.tuples(REALS, REALS, REALS)))
    at_ns = draw(st.integers(-(2**62), 2**62))
    return GaugeDelta(draw(NUMBERS), draw(COUNTS), last, at_ns, low, high)


DELTAS = st.one_of(
    st.builds(CounterDelta, NUMBERS, COUNTS, REALS.map(abs)),
    rate_deltas(),
    gauge_deltas(),
    st.builds(TrendDelta, NUMBERS, st.binary(max_size=60)),
)
TIMES = st.one_of(COUNTS, st.just(-1))
REQUESTS = st.builds(
    RequestSample,
    st.sampled_from(SampleReason),
    *(TEXT if one.type == "str" else TIMES for one in fields(RequestSample)[1:]),
)
BATCHES = st.builds(
    Batch,
    worker=COUNTS,
    sequence=COUNTS,
    interval=COUNTS,
    new_series=st.lists(new_series(), max_size=3).map(tuple),
    deltas=st.lists(DELTAS, max_size=6).map(tuple),
    ledger=st.dictionaries(TEXT, st.builds(Ledger, *[COUNTS] * 6), max_size=3),
    health=st.builds(WorkerHealth, *[COUNTS] * len(fields(WorkerHealth))),
    exceptions=st.lists(
        st.builds(ScenarioException, TEXT, TEXT, TEXT, TEXT, COUNTS, COUNTS, TEXT), max_size=2
    ).map(tuple),
    stalls=st.lists(
        st.builds(
            Stall, st.sampled_from(StallCause), TEXT, COUNTS, TEXT, COUNTS, COUNTS, COUNTS, TEXT
        ),
        max_size=2,
    ).map(tuple),
    requests=st.lists(REQUESTS, max_size=2).map(tuple),
    samples=st.lists(st.builds(pack_sample, NUMBERS, COUNTS, REALS), max_size=3).map(b"".join),
    last=st.booleans(),
    ended_at_ns=COUNTS,
    from_ns=COUNTS,
    until_ns=COUNTS,
)


def a_request() -> RequestSample:
    texts = {one.name: one.name for one in fields(RequestSample) if one.type == "str"}
    times = {one.name: 7 for one in fields(RequestSample) if one.type == "int"}
    return RequestSample(reason=SampleReason.SLOW, **texts, **times)


def small_batch() -> Batch:
    sketch = Sketch()
    sketch.add(5e6)
    trend = Metric("http_req_duration", MetricKind.TREND, Contains.TIME)
    return Batch(
        worker=1,
        sequence=2,
        interval=3,
        new_series=(NewSeries(0, trend, Series(trend.name, tags_of({"name": "x"}))),),
        deltas=(
            TrendDelta(0, sketch.to_bytes()),
            CounterDelta(1, 2, 2.0),
            RateDelta(2, 1, 2),
            GaugeDelta(3, 1, 5.0, 7, 5.0, 5.0),
        ),
        ledger={"default": Ledger(1, 1, 0, 1, 0, 0)},
        exceptions=(ScenarioException("default", "KeyError", "x", "f.py", 3, 1, "tb"),),
        stalls=(Stall(StallCause.BLOCKING, "f.py", 4, "time.sleep(1)", 1, 9, 9, "tb"),),
        samples=pack_sample(0, 7, 5e6),
        requests=(a_request(),),
    )


@given(BATCHES)
def test_a_batch_comes_back_equal(batch):
    assert decode_batch(encode_batch(batch)) == batch


def test_text_that_is_no_unicode_does_not_stop_a_batch():
    odd = ScenarioException("default", "OSError", "caf\udce9", "f.py", 1, 1, "tb")
    batch = decode_batch(encode_batch(Batch(0, 0, 0, exceptions=(odd,))))
    assert batch.exceptions[0].message == r"caf\udce9"


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data):
    with pytest.raises(WireError):
        decode_batch(data)


@given(st.data())
def test_damaged_bytes_are_a_batch_or_a_wire_error_and_never_anything_else(data):
    packed = bytearray(encode_batch(data.draw(st.one_of(BATCHES, st.just(small_batch())))))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        batch = decode_batch(bytes(packed))
    except WireError:
        return
    assert decode_batch(encode_batch(batch)) == batch


def test_every_prefix_is_refused_and_so_is_trailing_data():
    packed = encode_batch(small_batch())
    for length in range(len(packed)):
        with pytest.raises(WireError):
            decode_batch(packed[:length])
    with pytest.raises(WireError):
        decode_batch(packed + b"\x00")


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), COUNTS, REALS, TEXT, st.binary(max_size=5)),
        lambda inner: st.lists(inner, max_size=13),
        max_leaves=30,
    )
)
def test_any_other_msgpack_value_is_refused(value):
    with pytest.raises(WireError):
        decode_batch(msgpack.packb(value))


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((0,), 1),  # an unknown version
        ((1,), -1),
        ((1,), True),
        ((2,), 1.0),
        ((3,), 2**63),
        ((4, 0, 0), 2**32),
        ((4, 0, 2), "histogram"),
        ((4, 0, 3), 7),
        ((4, 0, 5), ["name"]),
        ((4, 0, 5), ["name", "x", "group", "::a"]),  # not sorted
        ((4, 0, 5), ["name", "x", "name", "y"]),  # twice
        ((5, 0), []),
        ((5, 0, 0), 4),
        ((5, 0, 2), "text"),
        ((5, 1, 3), NAN),
        ((5, 1, 3), INF),
        ((5, 1, 3), -1.0),
        ((5, 1, 3), 2),
        ((5, 2, 2), 3),  # more passes than samples
        ((5, 3, 3), NAN),
        ((5, 3, 5), 6.0),  # the minimum above the last value
        ((6, 0, 3), -1),
        ((7,), [0] * 5),
        ((8, 0, 4), "line"),
        ((9, 0, 0), "weather"),
        ((9, 0, 2), -1),
        ((9, 0, 7), None),
        ((10,), bytes(19)),
        ((11,), 0),
        ((12,), None),
    ],
)
def test_a_wrong_field_is_refused(path, value):
    plain: Any = msgpack.unpackb(encode_batch(small_batch()))
    decode_batch(msgpack.packb(plain))
    *way, last = path
    inner = plain
    for step in way:
        inner = inner[step]
    inner[last] = value
    with pytest.raises(WireError, match="batch"):
        decode_batch(msgpack.packb(plain))


@pytest.mark.parametrize(
    "announced",
    [b"\xdd\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x81\x01\x02"],
    ids=["list", "text", "bytes", "map"],
)
def test_an_announced_length_is_not_trusted(announced):
    with pytest.raises(WireError):
        decode_batch(announced)


def test_deep_nesting_is_refused():
    with pytest.raises(WireError):
        decode_batch(b"\x91" * 100_000)
