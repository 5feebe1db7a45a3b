"""Records of single samples as the recorder packs them."""

from __future__ import annotations

import struct


def pack_sample(series: int, at_ns: int, value: float) -> bytes:
    return struct.pack("<Iqd", series, at_ns, value)
