"""JSON as orjson and the standard library's `json` read and write it together."""

from __future__ import annotations

import enum
import json
import math
import uuid
from collections import OrderedDict, namedtuple
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas_perf.protocols.http.json_text import decode_json, encode_json

Pair = namedtuple("Pair", "left right")


class Text(str):
    pass


class Masked(dict[str, str]):
    """Shows less than it holds, as a settings object may."""

    def items(self):
        return [(key, "***") for key in self]


class Level(enum.IntEnum):
    HIGH = 3


class Colour(enum.Enum):
    RED = "red"


unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def exactly(value: object) -> str:
    """Tells 1 from True and from 1.0, as `==` does not."""
    return repr(value)


@unhurried
@given(DOCUMENTS)
def test_whatever_is_written_is_what_json_would_write(document: object) -> None:
    text = encode_json(document)
    assert exactly(json.loads(text)) == exactly(document)
    assert exactly(decode_json(text)) == exactly(document)


@unhurried
@given(DOCUMENTS, st.sampled_from([None, 2]), st.booleans())
def test_whatever_json_writes_is_read_as_json_reads_it(
    document: object, indent: int | None, escaped: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=escaped).encode()
    assert exactly(decode_json(text)) == exactly(json.loads(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"prompt": "compare", "n": [1, None]}, '{"prompt":"compare","n":[1,null]}'),
        ("é\x00\x1f\x7f\u2028</", '"é\\u0000\\u001f\x7f\u2028</"'),
        (2**64, "18446744073709551616"),
        (-(2**63) - 1, "-9223372036854775809"),
        ({1: 2, None: 3, 1.5: 5, False: 6}, '{"1":2,"null":3,"1.5":5,"false":6}'),
        ({Text("k"): Text("v")}, '{"k":"v"}'),
        (Masked(password="x"), '{"password":"***"}'),
        (OrderedDict(b=1, a=2), '{"b":1,"a":2}'),
        (Pair(1, 2), "[1,2]"),
        (Level.HIGH, "3"),
        ([math.nan, math.inf, -math.inf, 1.5], "[null,null,null,1.5]"),
        ({1: (math.nan, "NaN"), "big": 2**64}, '{"1":[null,"NaN"],"big":18446744073709551616}'),
        ([uuid.UUID(int=1)], '["00000000-0000-0000-0000-000000000001"]'),
        (
            [2**64, uuid.UUID(int=1)],
            '[18446744073709551616,"00000000-0000-0000-0000-000000000001"]',
        ),
        ([Colour.RED], '["red"]'),
        ([2**64, Colour.RED], '[18446744073709551616,"red"]'),
    ],
)
def test_what_is_written(value: object, text: str) -> None:
    assert encode_json(value).decode() == text


@pytest.mark.parametrize(
    "value", [b"x", {1, 2}, Decimal(1), datetime(2026, 1, 1, tzinfo=UTC), object(), {(1, 2): 3}]
)
def test_what_json_refuses_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode_json(value)
    with pytest.raises(TypeError):
        encode_json([2**64, value])


def test_values_that_no_text_can_hold() -> None:
    inside_itself: list[object] = []
    inside_itself.append(inside_itself)
    with pytest.raises(ValueError, match="Circular"):
        encode_json(inside_itself)
    with pytest.raises(UnicodeEncodeError):
        encode_json("\ud800")


def test_deep_nesting_is_written_and_read() -> None:
    deep: list[object] = []
    for _ in range(400):
        deep = [deep]
    assert decode_json(encode_json(deep)) == deep


@pytest.mark.parametrize(
    "text",
    [
        b"18446744073709551615",
        b"18446744073709551616",
        b"-9223372036854775808",
        b"-9223372036854775809",
        b"-9999999999999999999",
        b'{"id": -10000000000000000000000, "x": [123456789012345678901234567890]}',
        b'{"a":"12345678901234567890", "b": 0.12345678901234567890123}',
        b" " * 19 + b"18446744073709551616",
        b"[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,18446744073709551616]",
        b"NaN",
        b"[Infinity, -Infinity]",
        b"1E400",
        b"-0",
        b"-0.0",
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": "ü"}'.encode("utf-16"),
        '{"a": "ü"}'.encode("utf-32"),
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'{"a": 1, "a": 2}',
        b' \r\n\t{"a": 1}\n',
    ],
)
def test_what_json_reads_is_read_as_it_reads_it(text: bytes) -> None:
    assert exactly(decode_json(text)) == exactly(json.loads(text))


@pytest.mark.parametrize("digits", [18, 19, 20, 21, 40])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("before", range(0, 45, 3))
def test_a_long_number_is_exact_wherever_it_stands(digits: int, sign: str, before: int) -> None:
    number = int(sign + "9" * digits)
    text = f'{{"{"x" * before}":{number}}}'.encode()
    assert exactly(decode_json(text)) == exactly(json.loads(text))


@pytest.mark.parametrize(
    "text", [b"", b" ", b"{", b"[1,]", b'"\x01"', b"01", b"1 2", b"1.", b"<html>", b'"\xff"']
)
def test_what_is_no_json_is_refused_as_json_refuses_it(text: bytes) -> None:
    with pytest.raises(ValueError) as refused:
        decode_json(text)
    with pytest.raises(ValueError) as by_json:
        json.loads(text)
    assert str(refused.value) == str(by_json.value)
