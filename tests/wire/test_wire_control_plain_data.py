from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.wire import plain_data
from atlas_perf.wire.plain_data import MAX_DEPTH, decode_plain, encode_plain

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_data_arrives_as_it_was(value):
    arrived = decode_plain(encode_plain(value))
    assert arrived == value
    assert repr(arrived) == repr(value)  # 1 is not True, 1.0 is not 1


def test_nan_arrives():
    assert math.isnan(decode_plain(encode_plain({"x": math.nan}))["x"])


def test_every_copy_is_its_own():
    packed = encode_plain({"items": [1]})
    first, second = decode_plain(packed), decode_plain(packed)
    first["items"].append(2)
    assert second == {"items": [1]}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({1, 2}, "a value of type set"),
        ((1, 2), "a value of type tuple"),
        ({"users": [1, {"at": object()}]}, "a value of type object at ['users'][1]['at']"),
        ({"a": {1: 2}}, "a dict at ['a'] with the key 1, which is not text"),
        ([2**64], "an integer of more than 64 bits at [0]"),
        (-(2**63) - 1, "an integer of more than 64 bits"),
        ("\ud800", "text that is not valid Unicode"),
        (lambda: None, "a value of type function"),
    ],
)
def test_anything_else_is_named_with_its_place(value, words):
    with pytest.raises(ValueError) as caught:
        encode_plain(value)
    assert words in str(caught.value)


def test_what_contains_itself_is_refused():
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match=f"nested more than {MAX_DEPTH} deep"):
        encode_plain(endless)


def test_the_size_has_a_limit(monkeypatch):
    monkeypatch.setattr(plain_data, "MAX_PLAIN_BYTES", 10)
    with pytest.raises(ValueError, match="103 bytes of data, and at most 10"):
        encode_plain("x" * 101)


@pytest.mark.parametrize("packed", [b"", b"\xc1", b"\x01\x02", b"\x92\x01", b"\x81\x01\x02"])
def test_malformed_bytes_are_refused(packed):
    with pytest.raises(ValueError):
        decode_plain(packed)
