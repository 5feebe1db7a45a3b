"""Single samples, packed: 20 bytes each, kept only when an output wants every one of them.

    record = series:u32 at_ns:i64 value:f64, little-endian, without padding

`at_ns` counts from the run's start; `series` is the worker's own number for the series. The
recorder writes them in C.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from atlas_perf.wire.errors import WireError

_RECORD = struct.Struct("<Iqd")

SAMPLE_BYTES = _RECORD.size


def iter_samples(blob: bytes) -> Iterator[tuple[int, int, float]]:
    """(series, at_ns, value) of each record, in the order they were taken.

    Raises:
        WireError: if the last record is cut short.
    """
    if len(blob) % SAMPLE_BYTES:
        raise WireError(f"{len(blob)} bytes of samples are not whole records of {SAMPLE_BYTES}")
    return _RECORD.iter_unpack(blob)
