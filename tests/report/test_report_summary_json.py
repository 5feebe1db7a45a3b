"""summary.json: both directions, its schema, and what a reader refuses."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sample_summary import sample_summary
from schema_fields import schema_of

from atlas_perf.errors import ExitCode
from atlas_perf.model.summary import Summary
from atlas_perf.report.errors import SummaryFormatError
from atlas_perf.report.summary_json import (
    summary_from_json,
    summary_from_plain,
    summary_to_json,
    summary_to_plain,
)

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/schemas/summary.schema.json").read_text(encoding="utf-8")
)


def test_a_summary_survives_the_file():
    assert summary_from_json(summary_to_json(sample_summary())) == sample_summary()


def test_a_summary_satisfies_its_schema():
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(json.loads(summary_to_json(sample_summary())))


def test_the_version_and_the_verdict_are_words_at_the_top():
    plain = summary_to_plain(sample_summary())
    assert next(iter(plain)) == "schema_version"
    assert plain["verdict"] == "FAIL"
    assert plain["exit_code"] == 1
    assert plain["thresholds"][2]["state"] == "no_data"


def test_the_schema_has_the_summarys_fields_and_no_other():
    schema_of(Summary, SCHEMA)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("verdict",), "pass"),
        (("exit_code",), 99),
        (("schema_version",), "2.0"),
        (("thresholds", 0, "state"), True),
        (("thresholds", 0, "value"), "31"),
        (("windows", 0, "requests"), -1),
        (("metrics", "vus", "values"), {}),
    ],
)
def test_the_schema_refuses_what_is_wrong(place, value):
    plain = json.loads(summary_to_json(sample_summary()))
    inner = plain
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert list(Draft202012Validator(SCHEMA).iter_errors(plain))


def test_a_newer_major_version_is_refused_with_a_sentence():
    plain = summary_to_plain(sample_summary()) | {"schema_version": "2.0"}
    with pytest.raises(SummaryFormatError, match=r"version 2\.0.*reads 1\.0: upgrade") as refused:
        summary_from_plain(plain)
    assert refused.value.exit_code == ExitCode.USAGE


def test_an_older_major_version_is_refused_although_all_fields_are_there():
    plain = summary_to_plain(sample_summary()) | {"schema_version": "0.9"}
    with pytest.raises(SummaryFormatError, match=r"version 0\.9.*reads 1\.0: run the test again"):
        summary_from_plain(plain)


def test_a_newer_minor_version_may_have_fields_we_do_not_know():
    plain = summary_to_plain(sample_summary()) | {"schema_version": "1.9", "weather": "fine"}
    plain["facts"] = {**plain["facts"], "kernel": "6.1"}
    assert summary_from_plain(plain) == dataclasses.replace(sample_summary(), schema_version="1.9")


def test_fields_with_a_default_may_be_absent():
    plain = summary_to_plain(sample_summary())
    del plain["windows"]
    assert summary_from_plain(plain).windows == ()


def test_windows_of_a_summary_from_before_messages_were_counted_are_read():
    plain = summary_to_plain(sample_summary())
    for window in plain["windows"]:
        for name in [name for name in window if name.startswith(("ws_", "sse_", "tasks_"))]:
            del window[name]
    (first, *_) = summary_from_plain(plain).windows
    assert (first.requests, first.ws_msgs_sent, first.ws_rtt_p95_ms) == (410, 0, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"verdict": "GREEN"}, r"\$.verdict is not one of INVALID, FAIL"),
        ({"measured_s": "30"}, r"\$.measured_s should be a number"),
        ({"measured_s": True}, r"\$.measured_s should be a number"),
        ({"name": 5}, r"\$.name should be a text"),
        ({"thresholds": {}}, r"\$.thresholds should be a list"),
        ({"metrics": []}, r"\$.metrics should be an object"),
        ({"checks": [{"name": "x"}]}, r"\$.checks\[0\].group should be a value"),
        ({"workers": [5]}, r"\$.workers\[0\] should be an object"),
        ({"schema_version": 1}, "no atlas-perf summary"),
        ({"schema_version": "one"}, "no atlas-perf summary"),
    ],
)
def test_a_malformed_summary_names_the_place(change, says):
    with pytest.raises(SummaryFormatError, match=says):
        summary_from_plain(summary_to_plain(sample_summary()) | change)


def test_a_whole_number_is_not_a_fraction():
    plain = summary_to_plain(sample_summary())
    plain["windows"][0]["requests"] = 1.5
    with pytest.raises(SummaryFormatError, match=r"requests should be a whole number"):
        summary_from_plain(plain)


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_what_is_no_summary_is_refused(text):
    with pytest.raises(SummaryFormatError):
        summary_from_json(text)


def test_a_number_that_json_does_not_know_is_never_written():
    with pytest.raises(ValueError):
        summary_to_json(dataclasses.replace(sample_summary(), measured_s=math.nan))
