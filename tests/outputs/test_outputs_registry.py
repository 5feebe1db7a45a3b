"""`--out kind=target`."""

from __future__ import annotations

import pytest

from atlas_perf.errors import PlanError, UsageError
from atlas_perf.outputs.k6_ndjson import K6NdjsonOutput
from atlas_perf.outputs.registry import OUTPUT_KINDS, parse_output


def test_json_is_k6s_ndjson(tmp_path):
    assert isinstance(parse_output(f"json={tmp_path}/a=b.json"), K6NdjsonOutput)
    assert (tmp_path / "a=b.json").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("jsn=x", "--out jsn=x: there is no output 'jsn', did you mean 'json'?"),
        ("kafka=x", "there is no output 'kafka', there is json, parquet"),
        ("", "there is no output ''"),
        ("json", "json needs a target: write --out json=FILE"),
        ("json=", "json needs a target"),
    ],
)
def test_a_wrong_output_is_refused_with_the_nearest(text, says):
    with pytest.raises(UsageError) as refused:
        parse_output(text)
    assert says in str(refused.value)


def test_an_unwritable_target_is_refused(tmp_path):
    with pytest.raises(PlanError, match="cannot be written: Is a directory"):
        parse_output(f"json={tmp_path}")


def test_every_kind_is_listed():
    assert OUTPUT_KINDS == ("json", "parquet")
