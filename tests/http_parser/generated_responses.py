"""Hypothesis strategies: responses as servers may send them, and the same with damage."""

from __future__ import annotations

from hypothesis import strategies as st

_TOKEN = st.text("abcXYZ019-_!~", min_size=1, max_size=12)
_VALUE = st.text('ab ,;:="\t\xe9/*', max_size=20)
_STATUS = st.sampled_from([200, 200, 200, 201, 204, 205, 206, 301, 304, 404, 500, 599, 999])
_REASON = st.sampled_from([" OK", " ", "", " Not Found", " \xe9\t"])
_VERSION = st.sampled_from(["1.1", "1.1", "1.1", "1.0"])
_CONNECTION = st.lists(
    st.sampled_from(["close", "keep-alive", "Keep-Alive", "upgrade", "foo", "", "closed"]),
    max_size=3,
).map(", ".join)
_CODING = st.sampled_from(
    ["chunked", "Chunked", "gzip, chunked", "chunked, gzip", "gzip", "identity", " chunked "]
)
_EXTENSION = st.sampled_from(["", "", ";a", ";a=b", ';a="b;c"', ";a;b=1"])
_LINE_BREAKS = ["\r\n", "\n", "\r", "\n\r", "\r\n ", "\r\n\t", "\r\n\r\n"]
_PIECES = [
    *_LINE_BREAKS,
    *["\x00", "\x7f", "\xff", " ", "\t", ":", ",", ";", "=", '"', "0", "5", "f", "-", "+"],
    *["Content-Length: 3\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n"],
    *["Connection: close\r\n", "Upgrade: h2c\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.0 ", "0\r\n\r\n"],
    *["Content-Length", "Transfer-Encoding", "chunked", "5\r\nhello\r\n", "ffffffffffffffff"],
    *["18446744073709551616", "HTTP/1.1 100 Continue\r\n\r\n"],
]


@st.composite
def _field_lines(draw: st.DrawFn) -> list[str]:
    lines = draw(st.lists(st.builds("{}: {}".format, _TOKEN, _VALUE), max_size=4))
    if draw(st.booleans()):
        lines.append(f"Connection: {draw(_CONNECTION)}")
    return lines


@st.composite
def _chunked(draw: st.DrawFn) -> str:
    chunks = draw(st.lists(st.text("ab\r\n0", min_size=1, max_size=20), max_size=3))
    text = "".join(f"{len(chunk):x}{draw(_EXTENSION)}\r\n{chunk}\r\n" for chunk in chunks)
    trailers = draw(st.lists(st.builds("{}: {}\r\n".format, _TOKEN, _VALUE), max_size=2))
    return f"{text}0{draw(_EXTENSION)}\r\n{''.join(trailers)}\r\n"


@st.composite
def _response(draw: st.DrawFn) -> str:
    status = draw(_STATUS)
    lines = draw(_field_lines())
    framing = draw(st.sampled_from(["length", "length", "chunked", "neither"]))
    body = draw(st.text("ab\r\n", max_size=20))
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked":
        lines.append(f"Transfer-Encoding: {draw(_CODING)}")
        body = draw(_chunked())
    if status in (204, 304):
        body = ""
    fields = "".join(f"{line}\r\n" for line in draw(st.permutations(lines)))
    return f"HTTP/{draw(_VERSION)} {status}{draw(_REASON)}\r\n{fields}\r\n{body}"


@st.composite
def _interim(draw: st.DrawFn) -> str:
    fields = "".join(f"{line}\r\n" for line in draw(_field_lines()))
    return f"HTTP/1.1 {draw(st.sampled_from([100, 102, 103, 150]))} X\r\n{fields}\r\n"


@st.composite
def _stream(draw: st.DrawFn) -> str:
    messages = st.one_of(_response(), _response(), _interim())
    return "".join(draw(st.lists(messages, min_size=1, max_size=3)))


@st.composite
def _damaged(draw: st.DrawFn) -> str:
    stream = draw(_stream())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(stream)))
        cut = draw(st.integers(0, 3))
        piece = draw(st.sampled_from([*_PIECES, ""]))
        stream = stream[:at] + piece + stream[at + cut :]
    return stream


def _encoded(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    return strategy.map(lambda text: text.encode("latin-1"))


well_formed = _encoded(_stream())
damaged = _encoded(_damaged())
