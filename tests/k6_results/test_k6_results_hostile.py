"""Files that are half, damaged, hostile or of something else: one sentence each."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from made_k6 import definitions, handle_summary, machine_readable, ndjson, point, run_of

from atlas_perf.errors import AtlasPerfError, ExitCode
from atlas_perf.k6_results.opening import K6FileError, kind_of
from atlas_perf.k6_results.reading import read_k6_run

GOOD = "\n".join(run_of(3)) + "\n"


def changed(plain: dict, *path, value) -> str:
    inner = plain
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(plain)


DURATION = ("metrics", "http_req_duration")

CASES = {
    "empty": ("", "is empty"),
    "blank": (" \n\n ", "is empty"),
    "torn document": (json.dumps(handle_summary())[:-40], "only the begin of some"),
    "a list": ("[]", "is not the record of a run"),
    "something else": ('{"a": 1}', "is not the record of a run"),
    "no objects": ('{"metrics": {"http_reqs": 3}}', "is not the record of a run"),
    "not text": ("\x00\xff\xfe", "is no JSON"),
    "deep": ("[" * 100_000, "nested too deeply"),
    "infinite": ('{"metrics": {"vus": {"value": Infinity}}}', "is no number of JSON"),
    "a text for a number": (
        changed(handle_summary(), *DURATION, "values", "p(95)", value="12"),
        "metrics.http_req_duration.p(95) is no number",
    ),
    "too large a number": (
        changed(handle_summary(), *DURATION, "values", "p(95)", value=10**400),
        "metrics.http_req_duration.p(95) is no number",
    ),
    "true for a number": (
        changed(handle_summary(), *DURATION, "values", "p(95)", value=True),
        "is no number",
    ),
    "no values": (
        changed(handle_summary(), *DURATION, "values", value=[]),
        "http_req_duration has no values",
    ),
    "an unknown kind": (
        changed(handle_summary(), *DURATION, "type", value="histogram"),
        "of a kind that k6 has not",
    ),
    "a rate of nothing": (
        changed(handle_summary(), "metrics", "http_req_failed", "values", value={"rate": 0}),
        "does not say of how many",
    ),
    "a threshold without a word": (
        changed(handle_summary(), *DURATION, "thresholds", value={"p(95)<500": "ok"}),
        "has neither true nor false",
    ),
    "a threshold that is none": (
        changed(handle_summary(), *DURATION, "thresholds", value={"p95<500": {"ok": True}}),
        "is damaged, or not k6's",
    ),
    "a selector that is none": (
        changed(handle_summary(), "metrics", "a{b", value={"type": "trend", "values": {}}),
        "is not a metric",
    ),
    "results of nobody": (
        changed(machine_readable(), "results", "metrics", value=[1]),
        "results.metrics[0] has no name",
    ),
    "cut off within a line": (GOOD[:-30], "it is cut off"),
    "a line of something else": (GOOD + "{}\n", "no line of k6's --out json"),
    "a line of noise": (GOOD + "\x00\n", "it is no JSON"),
    "a value that is none": (
        GOOD + point("http_reqs", 1, 1).replace('"value":1', '"value":"1"') + "\n",
        "its value is no number",
    ),
    "a date that is none": (
        GOOD + point("http_reqs", 1, 1).replace("T", "x") + "\n",
        "is no date of RFC 3339",
    ),
    "a day that is none": (
        GOOD
        + point("http_reqs", 1, 1).replace("2026-", "2026-13-", 1)[:0]
        + '{"metric":"http_reqs","type":"Point","data":{"time":"2026-13-41T00:00:00Z","value":1,'
        '"tags":{}}}\n',
        "is no date",
    ),
    "an undefined metric": (
        GOOD + point("http_reqs", 1, 1).replace("http_reqs", "nowhere") + "\n",
        "a sample of 'nowhere', which no line before has defined",
    ),
    "a metric twice": (
        GOOD + definitions()[0].replace('"counter"', '"gauge"') + "\n",
        "defines http_reqs otherwise",
    ),
    "tags that are none": (
        GOOD + point("http_reqs", 1, 1).replace('"tags":{}', '"tags":{"a":1}') + "\n",
        "its tags are no texts",
    ),
    "two runs in one": (
        GOOD + point("http_reqs", 90 * 86_400, 1) + "\n",
        "these are two runs",
    ),
    "a line without an end": (GOOD + '{"metric":"' + "a" * (1 << 20), "longer than 1024 KiB"),
}


@pytest.mark.parametrize("case", CASES)
def test_one_sentence_that_names_file_and_place(tmp_path: Path, case: str) -> None:
    text, sentence = CASES[case]
    path = tmp_path / "k6.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(K6FileError) as refused:
        read_k6_run(path)
    assert sentence in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code is ExitCode.INVALID


def test_half_a_gzip_says_so(tmp_path: Path) -> None:
    whole = gzip.compress(GOOD.encode())
    path = tmp_path / "k6.json.gz"
    for data, word in ((whole[:-20], "ends before its end"), (_flipped(whole), "is damaged")):
        path.write_bytes(data)
        with pytest.raises(K6FileError, match=word):
            read_k6_run(path)


def _flipped(data: bytes) -> bytes:
    """A checksum that is another's."""
    return data[:-8] + bytes([data[-8] ^ 1]) + data[-7:]


def test_every_beginning_of_a_file_is_refused_or_whole(tmp_path: Path) -> None:
    """Cut behind a line it is a shorter run: of that the file says nothing."""
    data = GOOD.encode()
    path = tmp_path / "k6.json"
    first_sample = GOOD.index('{"metric"')
    for end in range(first_sample + 200, len(data), 97):
        path.write_bytes(data[:end])
        try:
            read_k6_run(path)
        except AtlasPerfError as error:
            assert "Traceback" not in str(error)
        else:
            assert data[end - 1 : end] == b"\n"


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(K6FileError, match="cannot be read: Is a directory"):
        kind_of(tmp_path)


def test_our_own_record_is_none_of_k6s(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text('{"schema_version": "1.0"}')
    assert kind_of(path) is None
    assert read_k6_run(path) is None


def test_our_own_samples_are_read_as_k6s(tmp_path: Path) -> None:
    assert read_k6_run(ndjson(tmp_path / "run.json", run_of(2))).summary.name == "run"
