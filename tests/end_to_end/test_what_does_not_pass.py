"""Whatever proves nothing does not pass, and docs/what-does-not-pass.md says what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from situation import Observed, Place, Situation, rows_on_page
from situations_of_records import SITUATIONS as OF_RECORDS
from situations_of_records import SOUND as SOUND_RECORD
from situations_of_records import Records
from situations_of_runs import SITUATIONS as OF_RUNS
from situations_of_runs import SOUND as SOUND_RUN


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    records = Records(tmp_path_factory.mktemp("records"))
    yield records
    records.close()


def assert_as_told(table: str, situation: Situation, observed: Observed) -> None:
    """To write the page anew: python tests/end_to_end/write_what_does_not_pass.py"""
    sound = situation in {SOUND_RUN, SOUND_RECORD}
    assert (observed.verdict == "PASS") is (observed.exit_code == 0) is sound, observed
    assert situation.row(observed) in rows_on_page(table)


@pytest.mark.parametrize("situation", (SOUND_RUN, *OF_RUNS), ids=lambda one: one.given)
def test_a_run_that_proves_nothing_does_not_pass(situation: Situation, place: Place) -> None:
    assert_as_told("runs", situation, situation.observe(place))


@pytest.mark.parametrize("situation", (SOUND_RECORD, *OF_RECORDS), ids=lambda one: one.given)
def test_a_record_that_proves_nothing_does_not_pass(situation: Situation, records: Records) -> None:
    assert_as_told("records", situation, situation.observe(records))


@pytest.mark.parametrize(
    ("table", "situations"),
    [("runs", (SOUND_RUN, *OF_RUNS)), ("records", (SOUND_RECORD, *OF_RECORDS))],
)
def test_the_page_has_these_situations_and_no_others(
    table: str, situations: tuple[Situation, ...]
) -> None:
    shown = [row.split(" | ")[0].removeprefix("| ") for row in rows_on_page(table)]
    assert shown == [situation.given for situation in situations]
