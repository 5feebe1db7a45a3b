"""A line read by its pattern is the line read whole: for any tags, values and times."""

from __future__ import annotations

import io
import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from made_k6 import BEGIN_S, date, definition

from atlas_perf.k6_results.points import Lines

TAGS = st.dictionaries(st.text(max_size=12), st.text(max_size=30), max_size=4)
VALUES = st.one_of(
    st.integers(0, 10**15), st.floats(0, 1e12, allow_nan=False), st.just(0), st.just(1e-7)
)


@settings(max_examples=150, deadline=None)
@given(TAGS, VALUES, st.integers(0, 10**10), st.booleans(), st.booleans())
def test_both_ways_of_reading_a_line_agree(tags, value, at_ns, metadata, ascii_only) -> None:
    data = {"time": date(at_ns / 1e9), "value": value, "tags": tags}
    if metadata:
        data["metadata"] = {"vu": "3", "odd": '"tags":{'}
    plain = {"metric": "http_reqs", "type": "Point", "data": data}
    # As Go writes it, and so that the pattern cannot match.
    written = json.dumps(plain, separators=(",", ":"), ensure_ascii=ascii_only)
    spaced = json.dumps({"type": "Point", **plain}, ensure_ascii=ascii_only)
    text = "".join(f"{one}\n" for one in (definition("http_reqs"), written, written, spaced))
    lines = Lines(Path("k6.json"))
    points = list(lines.points(io.BytesIO(text.encode())))
    assert {(at, number) for _, at, number in points} == {
        (points[0][1], float(value)),
    }
    assert abs(points[0][1] - (BEGIN_S * 10**9 + at_ns)) <= 1000
    assert [source.tags for source, _, _ in points] == [tags] * 3
    assert points[0][0] is points[1][0]
    assert lines.number == 4


def test_offsets_and_fractions_are_one_instant() -> None:
    form = '{{"metric":"http_reqs","type":"Point","data":{{"time":"{}","value":1,"tags":{{}}}}}}\n'
    dates = (
        "2026-11-23T14:00:00.5Z",
        "2026-11-23T14:00:00.500000000Z",
        "2026-11-23T16:00:00.50+02:00",
        "2026-11-23T08:30:00.5-05:30",
    )
    text = definition("http_reqs") + "\n" + "".join(map(form.format, dates))
    points = list(Lines(Path("k6.json")).points(io.BytesIO(text.encode())))
    assert {at_ns for _, at_ns, _ in points} == {1795442400500000000}
