"""`--out parquet=FILE`, read back by the library that writes it."""

from __future__ import annotations

import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyarrow import parquet

from atlas_perf.clock import WallAnchor
from atlas_perf.errors import PlanError, UsageError
from atlas_perf.model.batch import Batch
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.model.request_sample import RequestSample, SampleReason
from atlas_perf.outputs.parquet import ParquetOutput
from atlas_perf.units import NS_PER_S

T0_NS = 5 * NS_PER_S
ANCHOR = WallAnchor(monotonic_ns=T0_NS, unix_ns=1_795_442_712_000_000_000)  # 14:05:12 UTC
PLAN = TestPlan("api", "api.py", "00", (ScenarioPlan("api", ConstantVUs(1, NS_PER_S)),))


def request(**known: object) -> RequestSample:
    texts = {one.name: "" for one in fields(RequestSample) if one.type == "str"}
    times = {one.name: -1 for one in fields(RequestSample) if one.type == "int"}
    return RequestSample(**{"reason": SampleReason.SLOW, **texts, **times, **known})


def nobody(_number: int) -> None:
    raise AssertionError("no series is asked for")


def written(path: Path, *batches: tuple[RequestSample, ...]) -> list[dict[str, object]]:
    output = ParquetOutput(path)
    output.start(PLAN, ANCHOR, T0_NS)
    for sequence, requests in enumerate(batches):
        output.on_batch(Batch(0, sequence, sequence, requests=requests), nobody)
    assert output.close() is None
    return parquet.read_table(path).to_pylist()


def test_each_request_is_a_row(tmp_path: Path) -> None:
    failed = request(
        reason=SampleReason.FAILED,
        at_ns=1_500_000_000,
        method="GET",
        name="/x",
        status=503,
        error_code=1503,
        duration_ns=7,
        body="caf\udce9 <b>",
    )
    rows = written(tmp_path / "r.parquet", (failed,), (), (request(at_ns=2 * NS_PER_S),))
    assert [row["reason"] for row in rows] == ["failed", "slow"]
    assert rows[0]["time"] == datetime(2026, 11, 23, 14, 5, 13, 500_000, UTC)
    assert rows[0]["status"] == 503
    assert rows[0]["duration_ns"] == 7
    assert rows[0]["connecting_ns"] is None
    assert rows[0]["body"] == "caf\\udce9 <b>"


def test_many_rows_are_all_there(tmp_path: Path) -> None:
    second = tuple(request(duration_ns=number) for number in range(4_000))
    rows = written(tmp_path / "r.parquet", second, second, second)
    assert [row["duration_ns"] for row in rows] == [*range(4_000)] * 3


def test_a_run_without_any_has_an_empty_table(tmp_path: Path) -> None:
    assert written(tmp_path / "r.parquet") == []


def test_an_unwritable_file_is_refused_before_the_load(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"--out parquet: .* cannot be written: Is a directory"):
        ParquetOutput(tmp_path)


def test_a_disk_that_fills_up_is_told_and_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = ParquetOutput(tmp_path / "r.parquet")
    output.start(PLAN, ANCHOR, T0_NS)

    def full(_table: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output._writer, "write_table", full)
    output.on_batch(Batch(0, 0, 0, requests=tuple(request() for _ in range(10_000))), nobody)
    output.on_batch(Batch(0, 1, 1, requests=(request(),)), nobody)
    said = output.close()
    assert said is not None
    assert "No space left on device" in said
    assert "10001 requests are missing" in said


def test_without_the_library_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"pip install 'atlas-perf\[parquet\]'"):
        ParquetOutput(tmp_path / "r.parquet")
