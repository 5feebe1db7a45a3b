"""A run's kept sketches as msgpack and back. Positions, not names: the field order is the format.

    file   = [version, phase, [window_s, …], trends, rates]
    trends = [[selector, contains, censored, [sketch, …]], …]     a sketch for each window
    rates  = [[selector, [passes, samples, passes, samples, …]], …]

Whatever decodes is valid by itself, but for the inside of a sketch: `Sketch.from_bytes` reads that.
"""

from __future__ import annotations

from collections.abc import Sequence
from reprlib import repr as shortened
from typing import Any

import msgpack

from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import MOST_WINDOWS, KeptRate, KeptTrend, RunSketches
from atlas_perf.wire.errors import WireError

FORMAT_VERSION = 1
MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_ENTRIES = 10_000
MAX_SELECTOR_BYTES = 64 * 1024
MAX_SKETCH_BYTES = 64 * 1024
MAX_COUNT = 2**53


def encode_run_sketches(kept: RunSketches) -> bytes:
    """The content of a `sketches.msgpack`."""
    plain = [
        FORMAT_VERSION,
        kept.phase,
        kept.window_s,
        [
            [one.selector, one.contains.value, one.censored, list(one.windows)]
            for one in kept.trends
        ],
        [[one.selector, [n for pair in one.windows for n in pair]] for one in kept.rates],
    ]
    # A name may hold bytes that are no text; they must not stop the file.
    packed: bytes = msgpack.packb(plain, use_bin_type=True, unicode_errors="backslashreplace")
    return packed


def decode_run_sketches(data: bytes) -> RunSketches:
    """What `encode_run_sketches` gave these bytes for.

    Raises:
        WireError: if they are anything else; no length found in them is trusted.
    """
    if len(data) > MAX_FILE_BYTES:
        raise WireError(f"{len(data):,} bytes of sketches, and no run keeps that many")
    try:
        plain = msgpack.unpackb(
            data,
            raw=False,
            use_list=True,
            max_str_len=MAX_SELECTOR_BYTES,
            max_bin_len=MAX_SKETCH_BYTES,
            max_array_len=MAX_ENTRIES,
            max_map_len=0,
            max_ext_len=0,
        )
    except (ValueError, msgpack.UnpackException) as error:
        raise WireError(f"they are not msgpack: {error}") from None
    if type(plain) is list and plain and plain[0] != FORMAT_VERSION:
        raise WireError(f"they are of format {shortened(plain[0])}, not {FORMAT_VERSION}")
    _, phase, window_s, trends, rates = _fields(plain, 5, "file")
    lengths = tuple(_count(one, "window") for one in _list(window_s, "windows"))
    if len(lengths) > MOST_WINDOWS:
        raise _wrong("number of windows", len(lengths))
    return RunSketches(
        _text(phase, "phase"),
        lengths,
        tuple(_trend(one, len(lengths)) for one in _list(trends, "trends")),
        tuple(_rate(one, len(lengths)) for one in _list(rates, "rates")),
    )


def _trend(plain: object, windows: int) -> KeptTrend:
    selector, contains, censored, sketches = _fields(plain, 4, "trend")
    try:
        known = Contains(contains)
    except ValueError:
        raise _wrong("content", contains) from None
    packed = _fields(sketches, windows, "sketches of a trend")
    if any(type(one) is not bytes for one in packed):
        raise _wrong("sketch", packed)
    return KeptTrend(_text(selector, "selector"), known, _count(censored, "count"), tuple(packed))


def _rate(plain: object, windows: int) -> KeptRate:
    selector, numbers = _fields(plain, 2, "rate")
    counts = [_count(one, "count") for one in _fields(numbers, 2 * windows, "counts of a rate")]
    pairs = tuple(zip(counts[::2], counts[1::2], strict=True))
    if any(passes > samples for passes, samples in pairs):
        raise _wrong("rate", numbers)
    return KeptRate(_text(selector, "selector"), pairs)


def _fields(plain: object, number: int, what: str) -> Sequence[Any]:
    if type(plain) is not list or len(plain) != number:
        raise _wrong(what, plain)
    return plain


def _list(plain: object, what: str) -> Sequence[Any]:
    if type(plain) is not list:
        raise _wrong(what, plain)
    return plain


def _count(plain: object, what: str) -> int:
    if type(plain) is not int or not 0 <= plain <= MAX_COUNT:  # type(), since True is an int too
        raise _wrong(what, plain)
    return plain


def _text(plain: object, what: str) -> str:
    if type(plain) is not str:
        raise _wrong(what, plain)
    return plain


def _wrong(what: str, plain: object) -> WireError:
    return WireError(f"they have a malformed {what}: {shortened(plain)}")
