"""Where the parser means to judge otherwise than llhttp, each with its reason.

A difference explains a disagreement only where it applies: any other one is a fault in the
parser, or a difference that somebody must decide about and write down here and in
docs/http-parser.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from reading import Message, Reading


@dataclass(frozen=True)
class Difference:
    name: str
    reason: str
    applies: Callable[[bytes, Reading], bool]
    """From the whole stream and what the parser made of it."""


def _refused(refusal: str, pattern: bytes = b"") -> Callable[[bytes, Reading], bool]:
    """The parser refused with this reason a head that starts like this."""
    regex = re.compile(pattern)
    return lambda _, engine: engine.refusal == refusal and bool(regex.match(engine.refused_at))


def _tokens(message: Message, name: bytes) -> set[bytes]:
    values = [value for key, value in message.fields if key.lower() == name]
    return {token.strip().lower() for value in values for token in value.split(b",")}


def _has(message: Message, name: bytes) -> bool:
    return any(key.lower() == name for key, _ in message.fields)


def _all(engine: Reading) -> tuple[Message, ...]:
    return engine.messages if engine.tail is None else (*engine.messages, engine.tail)


def _any_message(
    condition: Callable[[Message], bool],
) -> Callable[[bytes, Reading], bool]:
    return lambda _, engine: any(condition(message) for message in _all(engine))


def _any_interim(condition: Callable[[Message], bool]) -> Callable[[bytes, Reading], bool]:
    return _any_message(lambda message: message.kind == "interim" and condition(message))


_WELL_KNOWN_INTERIM = (100, 102, 103)
_ODD_CODING_LIST = re.compile(rb"(?i)\r\ntransfer-encoding:[^\r]*(?:chunked *\t|,)[ \t,]*\r\n")
_TRAILER_CONNECTION = re.compile(rb"(?i)\n0+(?:;[^\r\n]*)?\r\n(?:.+\r\n)*(?:proxy-)?connection:")

DIFFERENCES = (
    Difference(
        "leading_line_break",
        "RFC 9112 lets servers skip a line break before a request, not clients before a response.",
        _refused("not_http", rb"[\r\n]"),
    ),
    Difference(
        "other_protocol",
        "RTSP and ICE are other protocols.",
        _refused("not_http", rb"RTSP/|ICE/"),
    ),
    Difference(
        "odd_version",
        "HTTP/0.9 has no status line, and HTTP/2.0 is not written in text.",
        _refused("version", rb"HTTP/(0\.9|2\.0)"),
    ),
    Difference(
        "status_below_100",
        "RFC 9110 has no status below 100.",
        _refused("status", rb"HTTP/1\.[01] 0"),
    ),
    Difference(
        "reason_control_byte",
        "RFC 9112 allows no control character but HTAB in a reason phrase.",
        _refused("reason_byte", rb"HTTP/1\.[01] \d{3} [^\r\n]*[\x00-\x08\x0b-\x1f\x7f]"),
    ),
    Difference(
        "chunk_size_zeros",
        "16 digits hold every size; more leading zeros only hide one.",
        _refused("chunk_size_too_long"),
    ),
    Difference(
        "chunk_extension_part",
        "RFC 9112: a chunk extension's name, and its value behind '=', are tokens or quoted.",
        _refused("chunk_extension"),
    ),
    Difference(
        "trailer_encoding",
        "RFC 9110 forbids framing fields among trailers; llhttp refuses Content-Length only.",
        _refused("trailer_framing"),
    ),
    Difference(
        "limits",
        "llhttp leaves all limits to its caller.",
        lambda _, engine: (
            engine.refusal
            in {
                "head_too_long",
                "too_many_fields",
                "too_many_interim",
                "chunk_extension_too_long",
                "trailers_too_long",
            }
        ),
    ),
    Difference(
        "coding_list",
        "RFC 9110 lists may have empty members and HTAB around members; llhttp takes 'chunked,' "
        "and 'chunked<HTAB>' for other codings, and the body for all that follows.",
        lambda data, _: bool(_ODD_CODING_LIST.search(data)),
    ),
    Difference(
        "encoding_on_1_0",
        "RFC 9112: the framing of an HTTP/1.0 message with Transfer-Encoding is not to be "
        "trusted, so its connection is closed.",
        _any_message(lambda m: m.minor_version == 0 and _has(m, b"transfer-encoding")),
    ),
    Difference(
        "close_wins",
        "RFC 9112: 'close' decides, whatever else an HTTP/1.0 response says.",
        _any_message(
            lambda m: (
                m.minor_version == 0 and {b"close", b"keep-alive"} <= _tokens(m, b"connection")
            )
        ),
    ),
    Difference(
        "proxy_connection",
        "Proxy-Connection is in no standard; llhttp takes it for Connection.",
        _any_message(lambda m: _has(m, b"proxy-connection")),
    ),
    Difference(
        "trailer_connection",
        "Trailers are checked and dropped; llhttp lets them change what the head has said.",
        lambda data, _: bool(_TRAILER_CONNECTION.search(data)),
    ),
    Difference(
        "interim_body",
        "RFC 9110: no 1xx response has a body; llhttp knows of 100, 102 and 103.",
        _any_interim(
            lambda m: (
                m.status not in _WELL_KNOWN_INTERIM
                and (_has(m, b"content-length") or _has(m, b"transfer-encoding"))
            )
        ),
    ),
    Difference(
        "interim_connection",
        "An interim response cannot close the connection the final one is to come on.",
        _any_interim(lambda m: m.minor_version == 0 or b"close" in _tokens(m, b"connection")),
    ),
)


def explanation(data: bytes, engine: Reading) -> str:
    """Name of the first difference that applies; "" if there is none."""
    return next((each.name for each in DIFFERENCES if each.applies(data, engine)), "")
