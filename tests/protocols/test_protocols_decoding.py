"""Content codings undone, and refused when they cannot be."""

from __future__ import annotations

import gzip
import importlib
import zlib

import brotli
import pytest
from backports import zstd
from scripted_server import MakeClient, Stage, answering, response

from atlas_perf.protocols.http import compressions, decoding
from atlas_perf.protocols.http.decoding import BodyDecodingError, decode_body
from atlas_perf.protocols.http.headers import Headers
from atlas_perf.protocols.http.response import Response

PLAIN = b"plain text " * 100


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", PLAIN),
        ("identity", PLAIN),
        ("gzip", gzip.compress(PLAIN, mtime=0)),
        ("GZip", gzip.compress(PLAIN, mtime=0)),
        ("x-gzip", gzip.compress(PLAIN[:500], mtime=0) + gzip.compress(PLAIN[500:], mtime=0)),
        ("gzip", gzip.compress(PLAIN, mtime=0) + bytes(8)),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", raw_deflate(PLAIN)),
        ("br", brotli.compress(PLAIN)),
        ("zstd", zstd.compress(PLAIN)),
        ("zstd", zstd.compress(PLAIN[:500]) + zstd.compress(PLAIN[500:])),
        ("br, zstd", zstd.compress(brotli.compress(PLAIN))),
        ("deflate, gzip", gzip.compress(zlib.compress(PLAIN), mtime=0)),
        ("identity,, gzip ", gzip.compress(PLAIN, mtime=0)),
    ],
)
def test_codings(encoding: str, body: bytes) -> None:
    assert decode_body(body, encoding) == PLAIN


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_an_empty_body_needs_no_decoding(encoding: str) -> None:
    assert decode_body(b"", encoding) == b""


@pytest.mark.parametrize(
    ("encoding", "body", "sentence"),
    [
        ("gzip", b"not gzip", "the body is not gzip"),
        ("deflate", b"\xff\xff", "the body is not deflate"),
        ("gzip", gzip.compress(PLAIN, mtime=0)[:-9], "ends too early"),
        ("deflate", zlib.compress(PLAIN)[:-9], "ends too early"),
        ("gzip", gzip.compress(PLAIN, mtime=0)[:-3] + b"bad", "the body is not gzip"),
        ("br", b"not brotli", "the body is not br"),
        ("br", brotli.compress(PLAIN)[:-3], "ends too early"),
        ("zstd", b"not zstd", "the body is not zstd"),
        ("zstd", zstd.compress(PLAIN)[:-3], "ends too early"),
        ("compress", b"x", "coded as 'compress', which was not asked for"),
    ],
)
def test_what_cannot_be_decoded(encoding: str, body: bytes, sentence: str) -> None:
    with pytest.raises(BodyDecodingError, match=sentence):
        decode_body(body, encoding)


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstd.compress),
    ],
)
def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, coding: str, compress) -> None:
    monkeypatch.setattr(decoding, "MAX_DECODED_BODY_BYTES", 1000)
    assert len(decode_body(compress(bytes(1000)), coding)) == 1000
    for plain in (bytes(1001), bytes(50_000_000)):
        with pytest.raises(BodyDecodingError, match="decodes to more than 1000 bytes"):
            decode_body(compress(plain), coding)


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_a_bomb_in_several_pieces_is_refused(
    monkeypatch: pytest.MonkeyPatch, coding: str, compress
) -> None:
    monkeypatch.setattr(decoding, "MAX_DECODED_BODY_BYTES", 1000)
    with pytest.raises(BodyDecodingError, match="decodes to more than 1000 bytes"):
        decode_body(compress(bytes(600)) * 2, coding)


@pytest.mark.parametrize(("coding", "compress"), [("br", brotli.compress), ("zstd", zstd.compress)])
def test_no_more_of_a_bomb_is_decoded_than_the_limit_and_a_block(coding: str, compress) -> None:
    decoded = compressions.optional_codings()[coding](compress(bytes(50_000_000)), 1000)
    assert 1000 < len(decoded) < 200_000


async def test_every_coding_that_is_asked_for_is_decoded(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(
        answering(response(200, brotli.compress(PLAIN), Content_Encoding="br"))
    )
    answer = await make_client(server.url).get("/")
    assert answer.body == PLAIN
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate, br, zstd"


def test_a_coding_without_its_library_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_brotli(name: str) -> object:
        if name == "brotli":
            raise ImportError(name)
        return importlib.import_module(name)

    monkeypatch.setattr(compressions, "import_module", without_brotli)
    assert list(compressions.optional_codings()) == ["zstd"]


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain", "grün".encode(), "grün"),
        ("text/plain; charset=ISO-8859-1", b"gr\xfcn", "grün"),
        ('text/plain; a=b; CharSet="latin-1"', b"gr\xfcn", "grün"),
        ("text/plain; charset=", b"x", "x"),
        ("text/plain; charset=klingon", b"x", "x"),
        ("text/plain; charset=undefined", b"x", "x"),
        ("text/plain; charset=idna", b"a..b", "a..b"),
        ("text/plain; charset=a\0b", b"x", "x"),
        ("text/plain", b"gr\xfcn", "gr\ufffdn"),
    ],
)
def test_text(content_type: str, body: bytes, text: str) -> None:
    answer = Response(status=200, headers=Headers([("Content-Type", content_type)]), wire_body=body)
    assert answer.text() == text


def test_a_chosen_charset() -> None:
    answer = Response(status=200, wire_body=b"gr\xfcn")
    assert answer.text("latin-1") == "grün"
    with pytest.raises(LookupError):
        answer.text("klingon")


def test_json_nested_beyond_reason_is_no_json() -> None:
    with pytest.raises(ValueError, match="answered 200 with no JSON"):
        Response(status=200, wire_body=b"[" * 200_000).json()


def test_a_body_is_decoded_once() -> None:
    packed = Headers([("Content-Encoding", "gzip")])
    answer = Response(status=200, headers=packed, wire_body=gzip.compress(PLAIN, mtime=0))
    assert answer.body is answer.body
    assert answer.wire_body != answer.body == PLAIN


def test_headers_are_a_mapping_without_case() -> None:
    headers = Headers([("Accept", "a"), ("X-Y", "1"), ("accept", "b")])
    assert headers["ACCEPT"] == "a, b"
    assert headers.get_all("accept") == ("a", "b")
    assert (len(headers), list(headers)) == (2, ["accept", "x-y"])
    assert "x-Y" in headers
    assert 1 not in headers
    assert headers.get("absent") is None
    assert headers.get_all("absent") == ()
    assert repr(headers) == "Headers(['accept', 'x-y'])"
