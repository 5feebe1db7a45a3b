"""The stored result in docs/error-rates.md."""

from __future__ import annotations

from pathlib import Path

from benchmarks.error_rates.real_page import real_text
from benchmarks.error_rates.result import Result
from benchmarks.error_rates.simulated_page import simulated_text

PAGE = Path(__file__).parents[2] / "docs" / "error-rates.md"
BEGIN, END = "<!-- {part}: written by python -m benchmarks.error_rates -->", "<!-- end -->"


def with_result(page: str, result: Result) -> str:
    """The page with the tables of the parts that were run.

    Raises:
        ValueError: it has no place for one.
    """
    if result.simulated is not None:
        page = _placed(page, "simulated", simulated_text(result.simulated))
    if result.real is not None:
        page = _placed(page, "real", real_text(result.real))
    return page


def _placed(page: str, part: str, text: str) -> str:
    mark = BEGIN.format(part=part)
    before, begin, rest = page.partition(mark)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {mark} followed by {END}")
    return f"{before}{mark}\n\n{text}\n\n{END}{after}"
