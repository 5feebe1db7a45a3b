"""docs/http.md tells of every parameter, phase, limit and error code that there is."""

from __future__ import annotations

import re
from pathlib import Path

from atlas_perf.loader.option_table import OPTIONS
from atlas_perf.model.metric import HTTP_PHASES, HTTP_WAITS
from atlas_perf.protocols.http._response_reader import DEFAULT_LIMITS
from atlas_perf.protocols.http.cookies import MAX_COOKIE_BYTES, MAX_COOKIES
from atlas_perf.protocols.http.decoding import MAX_DECODED_BODY_BYTES
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.request import RequestParams
from atlas_perf.protocols.http.response_parser import MAX_BODY_KEPT_BYTES

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def first_cells(heading: str) -> list[str]:
    rows = [line for line in section(heading).splitlines() if line.startswith("| ")]
    return [row.split("|")[1].strip() for row in rows[1:]]


def test_every_parameter_of_a_request() -> None:
    told = re.findall(r"`(\w+)`", ",".join(first_cells("Requests")))
    assert sorted(told) == sorted(RequestParams.__annotations__)


def test_every_error_code() -> None:
    *codes, range_of_statuses = first_cells("Errors")
    assert list(map(int, codes)) == sorted(ErrorCode)
    assert range_of_statuses == "1400 to 1599"


def test_every_limit() -> None:
    mebibyte = 1024 * 1024
    told = [cell.replace(",", "").split(" ") for cell in first_cells("Limits")]
    assert [int(number) * (mebibyte if unit == ["MiB"] else 1) for number, *unit in told] == [
        DEFAULT_LIMITS["head_bytes"],
        DEFAULT_LIMITS["fields"],
        DEFAULT_LIMITS["interim_responses"],
        DEFAULT_LIMITS["chunk_size_digits"],
        DEFAULT_LIMITS["chunk_extension_bytes"],
        DEFAULT_LIMITS["trailer_bytes"],
        MAX_BODY_KEPT_BYTES,
        MAX_DECODED_BODY_BYTES,
        MAX_COOKIES,
    ]
    assert f"{MAX_COOKIE_BYTES:,} bytes each" in section("Limits")


def test_every_phase() -> None:
    drawn = section("Phases").partition("```\n")[2].partition("```")[0]
    names = [name.removeprefix("http_req_") for name in (*HTTP_PHASES, *HTTP_WAITS)]
    assert [name for name in names if name not in drawn] == []


def test_options_are_called_by_their_names() -> None:
    named = set(re.findall(r"`([a-z]+[A-Z]\w*)`", PAGE))
    assert len(named) > 10
    assert named <= set(OPTIONS.keys)
