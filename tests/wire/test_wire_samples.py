"""Single samples, 20 bytes each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packed_samples import pack_sample

from atlas_perf.wire.errors import WireError
from atlas_perf.wire.samples import SAMPLE_BYTES, iter_samples

SAMPLES = st.lists(
    st.tuples(
        st.integers(0, 2**32 - 1),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
    )
)


@given(SAMPLES)
def test_samples_come_back_in_order(samples):
    assert list(iter_samples(b"".join(pack_sample(*sample) for sample in samples))) == samples


def test_a_record_is_little_endian_and_unpadded():
    record = b"\x01\x00\x00\x00" + b"\x02" + bytes(7) + b"\x00\x00\x00\x00\x00\x00\xe0\x3f"
    assert list(iter_samples(record)) == [(1, 2, 0.5)]


@pytest.mark.parametrize("cut", range(1, SAMPLE_BYTES))
def test_a_record_cut_short_is_refused(cut):
    with pytest.raises(WireError, match="not whole records"):
        iter_samples(pack_sample(1, 2, 3.0) + pack_sample(1, 2, 3.0)[:cut])
