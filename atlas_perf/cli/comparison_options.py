"""What is agreed before runs are compared: options of every command that compares."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from atlas_perf.cli.option_types import Written
from atlas_perf.cli.sections import SectionOption
from atlas_perf.model.comparison import Quantity

Command = TypeVar("Command", bound=Callable[..., Any])

JUDGED = "What is judged"
"""Their heading in the help."""

_QUANTITY = re.compile(r"(?P<selector>\S.*?)\s+(?P<statistic>p\((?P<percent>\d+(\.\d+)?)\)|rate)")


def read_quantity(text: str) -> Quantity:
    """`http_req_duration p(95)`, `http_req_failed rate`.

    Raises:
        ValueError: it is no metric and statistic, in a sentence.
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or not 0 < float(match["percent"] or 1) < 100:
        raise ValueError(
            f"{text!r} is not a metric and a statistic: write 'http_req_duration p(95)' or "
            "'http_req_failed rate'"
        )
    return Quantity(match["selector"], match["statistic"])


def read_percent(text: str) -> float:
    """`5` or `5%` as 0.05.

    Raises:
        ValueError: it is no percentage up to 1000, in a sentence.
    """
    try:
        value = float(text.removesuffix("%").strip())
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1000:
        raise ValueError(f"{text!r} is not a percentage: write 5 or 5%")
    return value / 100


PERCENT = Written("percent", read_percent)
QUANTITY = Written("metric", read_quantity)

PRIMARY = click.option(
    "--primary",
    cls=SectionOption,
    section=JUDGED,
    multiple=True,
    type=QUANTITY,
    metavar="'METRIC STAT'",
    help="What gates, up to five: 'http_req_duration p(95)', 'http_req_failed rate' (default: the "
    "p(95) of requests, messages and tasks, and failures). All else is listed.",
)
MARGIN = click.option(
    "--margin",
    cls=SectionOption,
    section=JUDGED,
    type=PERCENT,
    default="5",
    show_default=True,
    metavar="%",
    help="A time may be so much longer.",
)
ERROR_MARGIN = click.option(
    "--error-margin",
    cls=SectionOption,
    section=JUDGED,
    type=PERCENT,
    default="0.5",
    show_default=True,
    metavar="%",
    help="A share of failures may be so many percentage points higher.",
)
REQUIRE_NON_INFERIORITY = click.option(
    "--require-non-inferiority",
    cls=SectionOption,
    section=JUDGED,
    is_flag=True,
    help="INCONCLUSIVE ends with 5 instead of 0.",
)


def options_of_comparison(command: Command) -> Command:
    """Add them to a command, in the order of its help."""
    for option in (REQUIRE_NON_INFERIORITY, ERROR_MARGIN, MARGIN, PRIMARY):
        command = option(command)
    return command
