"""The sentence on the offered and the achieved rate."""

from __future__ import annotations

import pytest

from atlas_perf.model.summary import Window
from atlas_perf.report.console_arrivals import arrival_sentences

EACH = "and each second had its own, within 1%"


def window(second: int, planned: int, started: int, length_s: int = 1) -> Window:
    return Window(
        *(second, 1, 0, 0, 0, 0, 0, 0, 0, None, None, None, 0.0, 0.0),
        length_s=length_s,
        planned_arrivals=planned,
        started_arrivals=started,
    )


@pytest.mark.parametrize(
    ("windows", "sentences"),
    [
        ([window(0, 0, 0)], []),
        (
            [window(0, 1000, 990), window(1, 10, 9), window(2, 0, 11)],
            ["arrivals: 1,010 of 1,010 planned were started, " + EACH],
        ),
        (
            [window(0, 1000, 1000), window(1, 1000, 989)],
            ["arrivals: 1,989 of 2,000 planned were started, and only 989 of 1,000 in second 1"],
        ),
        (
            [window(0, 10, 8), window(1, 1000, 400), window(2, 1000, 500)],
            [
                "arrivals: 908 of 2,010 planned were started; 3 seconds fell short, "
                "the worst with 400 of 1,000 in second 1"
            ],
        ),
        (  # what was begun a moment before its second is not missing in it
            [window(0, 10, 13), window(1, 10, 7)],
            ["arrivals: 20 of 20 planned were started, " + EACH],
        ),
        (  # of longer windows it is the rate that counts
            [window(0, 4000, 3000, length_s=4), window(4, 1000, 700)],
            [
                "arrivals: 3,700 of 5,000 planned were started; 5 seconds fell short, "
                "the worst with 700 of 1,000 in second 4"
            ],
        ),
        (
            [window(0, 4000, 3000, length_s=4)],
            [
                "arrivals: 3,000 of 4,000 planned were started; 4 seconds fell short, "
                "the worst with 3,000 of 4,000 in seconds 0-3"
            ],
        ),
    ],
)
def test_the_worst_second_is_named(windows: list[Window], sentences: list[str]) -> None:
    assert list(arrival_sentences(windows)) == sentences
