"""Tables and rates as the page has them."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.error_rates.chance import around


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int) -> str:
    """Columns are numbers, but for the first `left`."""
    rule = ["---"] * left + ["--:"] * (len(head) - left)
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(rule)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def percent(share: float) -> str:
    """`4.9 %`."""
    return f"{tenths(share)} %"


def tenths(share: float) -> str:
    """In percent, without the sign; `100` where a tenth would say nothing."""
    text = f"{share * 100:.1f}"
    return "100" if text == "100.0" else text


def signed(share: float) -> str:
    return f"{share * 100:+.1f} %"


def band(rate: float, number: int) -> str:
    low, high = around(rate, number)
    return f"{low * 100:.1f}–{high * 100:.1f}"
