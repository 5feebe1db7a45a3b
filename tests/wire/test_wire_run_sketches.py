"""A run's kept sketches survive the file; whatever else is in one is refused in a sentence."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.wire.errors import WireError
from atlas_perf.wire.run_sketches_codec import (
    MAX_FILE_BYTES,
    decode_run_sketches,
    encode_run_sketches,
)

KEPT = RunSketches(
    "steady",
    (10, 11),
    (KeptTrend("http_req_duration{name:a}", Contains.TIME, 3, (b"one", b"two")),),
    (KeptRate("checks", ((1, 2), (3, 3))),),
)


def changed(path: tuple[int, ...], value: Any) -> bytes:
    plain = msgpack.unpackb(encode_run_sketches(KEPT))
    place = plain
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    packed: bytes = msgpack.packb(plain)
    return packed


def test_what_was_kept_comes_back() -> None:
    assert decode_run_sketches(encode_run_sketches(KEPT)) == KEPT


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ((0,), 2, "of format 2, not 1"),
        ((1,), 5, "malformed phase"),
        ((2,), [1, -1], "malformed window"),
        ((2,), [1] * 7, "number of windows"),
        ((2,), [1], "malformed sketches of a trend"),
        ((3,), {}, "not msgpack|malformed trends"),
        ((3, 0), ["a"], "malformed trend"),
        ((3, 0, 0), b"a", "malformed selector"),
        ((3, 0, 1), "colour", "malformed content"),
        ((3, 0, 1), [], "malformed content"),
        ((3, 0, 2), True, "malformed count"),
        ((3, 0, 3), ["one", "two"], "malformed sketch"),
        ((4, 0), [], "malformed rate"),
        ((4, 0, 1), [1, 2, 3], "malformed counts"),
        ((4, 0, 1), [3, 2, 0, 0], "malformed rate"),
        ((4, 0, 1), [0.5, 2, 0, 0], "malformed count"),
    ],
)
def test_anything_else_is_refused(path: tuple[int, ...], value: Any, words: str) -> None:
    with pytest.raises(WireError, match=words):
        decode_run_sketches(changed(path, value))


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc1", b"hello", b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", bytes(5)],
)
def test_bytes_that_are_no_sketches_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        decode_run_sketches(data)


def test_a_file_is_refused_by_its_size_alone() -> None:
    with pytest.raises(WireError, match="no run keeps that many"):
        decode_run_sketches(bytes(MAX_FILE_BYTES + 1))


@pytest.mark.parametrize("length", range(1, len(encode_run_sketches(KEPT))))
def test_a_file_that_was_cut_short_is_refused(length: int) -> None:
    with pytest.raises(WireError):
        decode_run_sketches(encode_run_sketches(KEPT)[:length])
