"""What a head says beside its bytes, when a verdict is known, and that verdicts are final."""

from __future__ import annotations

import pytest
from response_shapes import load_shapes

from atlas_perf.protocols.http._response_reader import REFUSALS, ResponseHead, ResponseReader

STATUS_LINE = b"HTTP/1.1 200 OK\r\n"


def head_of(*lines: str, method: str = "GET") -> ResponseHead:
    reader = ResponseReader(method)
    reader.feed(STATUS_LINE + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")
    assert reader.head is not None, reader.refusal
    return reader.head


def test_fields_keep_order_case_and_repeats() -> None:
    head = head_of("B: 1", "a:2", "B:\t3 ", "Empty:")
    assert head.fields == ((b"B", b"1"), (b"a", b"2"), (b"B", b"3"), (b"Empty", b""))
    assert head.reason == b"OK"


def test_values_a_client_needs_are_found_whatever_their_case() -> None:
    lines = {
        "location": "/there",
        "content-type": "text/html; charset=utf-8",
        "content-encoding": "gzip",
        "set-cookie": "a=b; Path=/",
        "www-authenticate": "Basic realm=x",
        "proxy-authenticate": "Digest",
    }
    for spelled in (str.lower, str.upper, str.title):
        head = head_of(*(f"{spelled(name)}:  {value} " for name, value in lines.items()))
        assert head.noted == {name: value.encode() for name, value in lines.items()}
        assert head.repeated == frozenset()


def test_the_first_of_repeated_values_is_noted() -> None:
    head = head_of("Set-Cookie: a=1", "Location: /a", "Set-Cookie: b=2", "set-cookie: c=3")
    assert head.noted == {"set-cookie": b"a=1", "location": b"/a"}
    assert head.repeated == {"set-cookie"}


def test_an_empty_value_is_noted_as_empty() -> None:
    assert head_of("Location:").noted == {"location": b""}


@pytest.mark.parametrize(
    ("lines", "method", "framing", "content_length", "other_coding"),
    [
        (["Content-Length: 7"], "GET", "length", 7, False),
        (["Content-Length: 7"], "HEAD", "none", 7, False),
        (["Content-Length: 18446744073709551615"], "HEAD", "none", 2**64 - 1, False),
        (["Content-Length: 7"], "CONNECT", "none", 7, False),
        (["Transfer-Encoding: chunked"], "GET", "chunked", None, False),
        (["Transfer-Encoding: gzip, chunked"], "GET", "chunked", None, True),
        (["Transfer-Encoding: chunked, gzip"], "GET", "until_close", None, True),
        ([], "GET", "until_close", None, False),
    ],
)
def test_framing(
    lines: list[str], method: str, framing: str, content_length: int | None, other_coding: bool
) -> None:
    head = head_of(*lines, method=method)
    assert (head.framing, head.content_length) == (framing, content_length)
    assert head.other_coding == other_coding


@pytest.mark.parametrize(
    ("before", "wrong", "refusal"),
    [
        (b"", b"S", "not_http"),
        (b"HTTP/", b"2", "version"),
        (b"HTTP/1.", b"2", "version"),
        (b"HTTP/1.1 ", b"0", "status"),
        (b"HTTP/1.1 20", b" ", "status"),
        (b"HTTP/1.1 200 O", b"\n", "bare_lf"),
        (b"HTTP/1.1 200 O\r", b"\r", "bare_cr"),
        (STATUS_LINE, b" ", "folded_line"),
        (STATUS_LINE + b"Name", b" ", "space_before_colon"),
        (STATUS_LINE + b"Name: v", b"\x00", "field_value_byte"),
        (STATUS_LINE + b"Name: v\r\n", b"\t", "folded_line"),
        (STATUS_LINE + b"Content-Length: x\r", b"\n", "content_length"),
        (STATUS_LINE + b"Transfer-Encoding: chunked\r\n\r\n", b"x", "chunk_size"),
        (STATUS_LINE + b"Transfer-Encoding: chunked\r\n\r\n1\r\na", b"b", "chunk_end"),
    ],
)
def test_refused_at_the_first_byte_that_proves_it(
    before: bytes, wrong: bytes, refusal: str
) -> None:
    reader = ResponseReader()
    reader.feed(before)
    assert reader.refusal == ""
    reader.feed(wrong)
    assert reader.refusal == refusal


def test_a_refusal_is_final() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\n")
    reader.feed(b"Content-Length: 0\r\n\r\n")
    reader.end_of_stream()
    assert reader.refusal == "bare_lf"
    assert not reader.complete


def test_an_end_is_final() -> None:
    reader = ResponseReader()
    reader.feed(STATUS_LINE + b"Content-Length: 2\r\n\r\nok")
    reader.feed(b"\x00more")
    reader.end_of_stream()
    assert reader.complete
    assert (reader.body, reader.surplus, reader.refusal) == (b"ok", b"\x00more", "")


def test_every_refusal_is_shown_by_a_shape_or_a_limit() -> None:
    shown = {line.split()[1] for s in load_shapes() for line in s.expect if "refused" in line}
    far_off = {"head_too_long", "too_many_fields", "too_many_interim", "trailers_too_long"}
    assert shown | far_off == set(REFUSALS)


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
def test_a_tunnel_is_no_connection_to_keep(method: str) -> None:
    status = 101 if method == "GET" else 200
    reader = ResponseReader(method)
    reader.feed(f"HTTP/1.1 {status} X\r\nConnection: keep-alive\r\n\r\n".encode())
    assert reader.head is not None
    assert reader.head.tunnel
    assert not reader.head.keep_alive
