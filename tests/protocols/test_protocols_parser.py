"""The response parser alone: framing, limits, and that no bytes can crash or hang it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.protocols.http import response_parser as module
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.response_parser import ResponseParser

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

WHOLE = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, b"abc", True),
    "empty": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b"", True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b"", True),
    "chunked": (CHUNKED + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, b"abc", True),
    "chunk extension": (CHUNKED + b'3;a=b;c="d"\r\nabc\r\n0;e\r\n\r\n', 200, b"abc", True),
    "trailer": (CHUNKED + b"3\r\nabc\r\n0\r\nDigest: x\r\n\r\n", 200, b"abc", True),
    "no content": (b"HTTP/1.1 204 No\r\n\r\n", 204, b"", True),
    "not modified": (b"HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", 304, b"", True),
    "interim": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        200,
        b"x",
        True,
    ),
    "closing": (
        b"HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\nx",
        200,
        b"x",
        False,
    ),
    "http 1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x", False),
    "http 1.0 kept": (
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx",
        200,
        b"x",
        True,
    ),
    "empty header": (b"HTTP/1.1 200 OK\r\nX:\r\nContent-Length: 1\r\n\r\nx", 200, b"x", True),
    "switching": (b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 101, b"", False),
}


@pytest.mark.parametrize("step", [1, 2, 7, 10_000])
@pytest.mark.parametrize("case", WHOLE)
def test_whole_responses_in_pieces_of_any_size(case: str, step: int) -> None:
    data, status, body, keeps = WHOLE[case]
    parser = ResponseParser(to_head=False)
    for start in range(0, len(data), step):
        assert not parser.complete
        parser.feed(data[start : start + step])
    assert parser.complete
    assert (parser.status, parser.body, parser.body_bytes) == (status, body, len(body))
    assert parser.keeps_connection is keeps
    assert not parser.surplus


def test_fields_and_reason_of_the_final_response_only() -> None:
    parser = ResponseParser(to_head=False)
    parser.feed(WHOLE["interim"][0])
    assert parser.fields == [("Content-Length", "1")]
    assert parser.reason == "OK"


def test_trailers_are_no_headers() -> None:
    parser = ResponseParser(to_head=False)
    parser.feed(WHOLE["trailer"][0])
    assert parser.fields == [("Transfer-Encoding", "chunked")]


@pytest.mark.parametrize("step", [1, 10_000])
@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
    ],
)
def test_a_body_without_a_length_ends_with_the_connection(head: bytes, step: int) -> None:
    parser = ResponseParser(to_head=False)
    data = head + b"abc"
    for start in range(0, len(data), step):
        parser.feed(data[start : start + step])
    assert not parser.complete
    parser.end_of_stream()
    assert parser.complete
    assert parser.body == b"abc"
    assert not parser.keeps_connection


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
        CHUNKED + b"3\r\nabc\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
    ],
)
def test_a_truncated_response_is_never_complete(data: bytes) -> None:
    parser = ResponseParser(to_head=False)
    parser.feed(data)
    parser.end_of_stream()
    assert not parser.complete
    assert not parser.keeps_connection


@pytest.mark.parametrize("field", [b"Content-Length: 500", b"Transfer-Encoding: chunked", b"A: b"])
def test_a_response_to_head_has_no_body(field: bytes) -> None:
    parser = ResponseParser(to_head=True)
    parser.feed(b"HTTP/1.1 200 OK\r\n" + field + b"\r\n\r\n")
    assert parser.complete
    assert parser.keeps_connection
    assert parser.body == b""


def test_an_interim_response_to_head_is_not_the_response() -> None:
    parser = ResponseParser(to_head=True)
    parser.feed(b"HTTP/1.1 103 Early\r\n\r\n")
    assert not parser.complete
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    assert parser.complete


@pytest.mark.parametrize(
    ("case", "to_head", "extra"),
    [
        ("length", False, b"x"),
        ("length", False, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ny"),
        ("chunked", False, b"HTTP"),
        ("no content", False, b"hi"),
        ("length", True, b""),
    ],
)
def test_bytes_after_the_response_spoil_the_connection_only(
    case: str, to_head: bool, extra: bytes
) -> None:
    data, status, body, _ = WHOLE[case]
    parser = ResponseParser(to_head=to_head)
    parser.feed(data + extra)
    assert parser.complete
    assert parser.surplus
    assert not parser.keeps_connection
    assert (parser.status, parser.body) == (status, b"" if to_head else body)


def feed_forever(parser: ResponseParser, piece: bytes, limit_bytes: int) -> RequestFailure:
    for _ in range(limit_bytes // len(piece) + 2):
        try:
            parser.feed(piece)
        except RequestFailure as failure:
            return failure
    raise AssertionError("the limit did not hold")


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 ", b"r" * 1000),
        (b"HTTP/1.1 200 OK\r\nX", b"n" * 1000),
        (b"HTTP/1.1 200 OK\r\nX: ", b"v" * 1000),
        (b"HTTP/1.1 200 OK\r\n", b"A: " + b"b" * 990 + b"\r\n"),
        (CHUNKED + b"1;", b"e" * 1000),
        (CHUNKED + b"0\r\nT: ", b"t" * 1000),
        (CHUNKED + b"0\r\n", b"T: " + b"t" * 990 + b"\r\n"),
    ],
)
def test_nothing_but_a_body_may_go_on_for_ever(start: bytes, piece: bytes) -> None:
    parser = ResponseParser(to_head=False)
    parser.feed(start)
    failure = feed_forever(parser, piece, 2 * module.MAX_HEADER_BYTES)
    assert failure.code == 1000
    assert "limit" in failure.text


def test_one_read_with_too_long_a_header() -> None:
    parser = ResponseParser(to_head=False)
    with pytest.raises(RequestFailure, match="more headers than the limit"):
        parser.feed(b"HTTP/1.1 200 OK\r\nX: " + b"v" * (module.MAX_HEADER_BYTES + 1) + b"\r\n\r\n")


def test_too_many_headers() -> None:
    parser = ResponseParser(to_head=False)
    with pytest.raises(RequestFailure, match="more headers than the limit"):
        parser.feed(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * (module.MAX_HEADER_COUNT + 1) + b"\r\n")


def test_a_long_body_in_small_pieces_is_no_long_line() -> None:
    parser = ResponseParser(to_head=False)
    size = 3 * module.MAX_HEADER_BYTES
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    for _ in range(size // 1024):
        parser.feed(b"x" * 1024)
    assert parser.complete
    assert parser.body_bytes == size


def test_a_body_beyond_what_is_kept_is_still_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BODY_KEPT_BYTES", 1000)
    parser = ResponseParser(to_head=False)
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2400\r\n\r\n")
    for letter in (b"a", b"b", b"c", b"d"):
        parser.feed(letter * 600)
    assert parser.complete
    assert parser.body == b"a" * 600 + b"b" * 400
    assert parser.body_bytes == 2400


PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 C\r\n\r\n",
        b"HTTP/1.0 304 N\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: upgrade\r\nUpgrade: h2c\r\n",
        b"Connection: close\r\n",
        b"\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"abc",
        b"\n",
        b"\x00",
        b"HTTP/1.1 101 S\r\n",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=8), max_size=12), st.integers(1, 40), st.booleans())
def test_any_bytes_give_a_response_or_a_failure(
    pieces: list[bytes], step: int, to_head: bool
) -> None:
    """And the same one, however the bytes are cut."""
    data = b"".join(pieces)

    def outcome(step: int) -> tuple[object, ...]:
        parser = ResponseParser(to_head=to_head)
        for start in range(0, len(data), step):
            try:
                parser.feed(data[start : start + step])
            except RequestFailure:
                return ("failed",)
            if parser.complete:
                break
        parser.end_of_stream()
        if not parser.complete:
            return ("incomplete",)
        return parser.status, parser.body, parser.fields

    assert outcome(step) == outcome(len(data) + 1)


HINTS = b"HTTP/1.1 103 Early\r\n\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: b\r\n\r\n"


@pytest.mark.parametrize(
    "before",
    [LENGTH + b"abc", HINTS + LENGTH + b"abc", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
)
@pytest.mark.parametrize("interim", [b"", HINTS])
@pytest.mark.parametrize("to_head", [False, True])
@pytest.mark.parametrize("cut", range(len(HINTS + LENGTH) + 4))
def test_a_head_like_the_last_one_means_the_same(
    before: bytes, interim: bytes, to_head: bool, cut: int
) -> None:
    """Whatever another parser took before, and however the bytes arrive."""
    ResponseParser(to_head=False).feed(before)
    parser = ResponseParser(to_head=to_head)
    bytes_ = interim + LENGTH + (b"" if to_head else b"xyz")
    parser.feed(bytes_[:cut])
    assert parser.message_begun == (cut > 0)
    parser.message_begun = False
    parser.feed(bytes_[cut:])
    assert parser.message_begun == (cut <= len(interim))
    assert parser.complete
    assert not parser.surplus
    assert (parser.status, parser.body) == (200, b"" if to_head else b"xyz")
    assert parser.fields == [("Content-Length", "3"), ("A", "b")]
    assert parser.keeps_connection


def test_a_head_like_the_last_one_but_for_its_end_is_read() -> None:
    ResponseParser(to_head=False).feed(LENGTH + b"abc")
    longer = ResponseParser(to_head=False)
    longer.feed(LENGTH[:-2] + b"Connection: close\r\n\r\nabc")
    assert longer.complete
    assert not longer.keeps_connection
    broken = ResponseParser(to_head=False)
    with pytest.raises(RequestFailure):
        broken.feed(LENGTH[:-2] + b" folded\r\n\r\nabc")
