"""Each limit lets through what it names and refuses one more, whichever way the bytes arrive."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from engine_reader import read_with_engine
from reading import single_bytes

from atlas_perf.protocols.http._response_reader import DEFAULT_LIMITS, ResponseReader

HEAD = b"HTTP/1.1 200 OK\r\n"
EMPTY = HEAD + b"Content-Length: 0\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Case:
    limit: str
    allowed: int
    within: bytes
    beyond: bytes
    refusal: str


CASES = (
    Case("head_bytes", len(EMPTY), EMPTY, EMPTY.replace(b": 0", b":  0"), "head_too_long"),
    Case("head_bytes", len(EMPTY), EMPTY + EMPTY, EMPTY[:-4] + b"0\r\n\r\n", "head_too_long"),
    Case(
        "fields",
        2,
        HEAD + b"A: b\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"A: b\r\nC: d\r\nContent-Length: 0\r\n\r\n",
        "too_many_fields",
    ),
    Case(
        "fields",
        1,
        CHUNKED + b"0\r\nA: b\r\n\r\n",
        CHUNKED + b"0\r\nA: b\r\nC: d\r\n\r\n",
        "too_many_fields",
    ),
    Case(
        "interim_responses",
        1,
        b"HTTP/1.1 100 X\r\n\r\n" + EMPTY,
        b"HTTP/1.1 100 X\r\n\r\n" * 2 + EMPTY,
        "too_many_interim",
    ),
    Case("interim_responses", 0, EMPTY, b"HTTP/1.1 100 X\r\n\r\n" + EMPTY, "too_many_interim"),
    Case(
        "chunk_size_digits",
        2,
        CHUNKED + b"05\r\nhello\r\n00\r\n\r\n",
        CHUNKED + b"005\r\nhello\r\n0\r\n\r\n",
        "chunk_size_too_long",
    ),
    Case(
        "chunk_size_digits",
        99,
        CHUNKED + b"0" * 16 + b"\r\n\r\n",
        CHUNKED + b"0" * 17 + b"\r\n\r\n",
        "chunk_size_too_long",
    ),
    Case(
        "chunk_extension_bytes",
        4,
        CHUNKED + b"1;a=b\r\nx\r\n0;c=d\r\n\r\n",
        CHUNKED + b"1;a=bc\r\nx\r\n0\r\n\r\n",
        "chunk_extension_too_long",
    ),
    Case(
        "chunk_extension_bytes",
        5,
        CHUNKED + b'0;a=""\r\n\r\n',
        CHUNKED + b'0;a="b"\r\n\r\n',
        "chunk_extension_too_long",
    ),
    Case(
        "trailer_bytes",
        8,
        CHUNKED + b"0\r\nA: b\r\n\r\n",
        CHUNKED + b"0\r\nA: bc\r\n\r\n",
        "trailers_too_long",
    ),
    Case(
        "trailer_bytes",
        2,
        CHUNKED + b"1;a=b\r\nx\r\n0;a=b\r\n\r\n",
        CHUNKED + b"0\r\nA: b\r\n\r\n",
        "trailers_too_long",
    ),
)

OVER_A_LIMIT = {case.refusal for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.limit}-{case.allowed}")
def test_limit_is_where_it_says(case: Case) -> None:
    limits = {case.limit: case.allowed}
    for pieces in ([case.within], single_bytes(case.within)):
        assert read_with_engine(pieces, limits=limits).refusal == ""
    for pieces in ([case.beyond], single_bytes(case.beyond)):
        assert read_with_engine(pieces, limits=limits).refusal == case.refusal


def test_a_head_is_refused_as_soon_as_it_can_no_longer_end_within_the_limit() -> None:
    reader = ResponseReader(limits={"head_bytes": 20})
    reader.feed(HEAD + b"Na")
    assert reader.refusal == ""
    reader.feed(b"m")
    assert reader.refusal == "head_too_long"


def test_every_limit_is_tried() -> None:
    assert {case.limit for case in CASES} == set(DEFAULT_LIMITS)


@pytest.mark.parametrize(
    "endless",
    [
        HEAD[:-2],
        HEAD + b"n",
        HEAD + b"Name: v",
        HEAD + b"A: b\r\n" * 10,
        CHUNKED + b"5;a",
        CHUNKED + b'5;a="',
        CHUNKED + b"0\r\nA: ",
        CHUNKED + b"0\r\n" + b"A: b\r\n" * 10,
    ],
)
def test_nothing_goes_on_for_ever(endless: bytes) -> None:
    filler = b"A: b\r\n" if endless.endswith(b"\n") else b"x"
    longest = max(DEFAULT_LIMITS.values()) + 1
    refusal = read_with_engine([endless, filler * longest]).refusal
    assert refusal in OVER_A_LIMIT
