"""Writes the tables of docs/what-does-not-pass.md anew; read the difference before committing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from situation import PAGE, Place, placed_on_page
from situations_of_records import SITUATIONS as OF_RECORDS
from situations_of_records import SOUND as SOUND_RECORD
from situations_of_records import Records
from situations_of_runs import SITUATIONS as OF_RUNS
from situations_of_runs import SOUND as SOUND_RUN


def main() -> None:
    runs = []
    for situation in (SOUND_RUN, *OF_RUNS):
        with tempfile.TemporaryDirectory() as folder:
            place = Place(Path(folder).resolve())
            runs.append(situation.row(situation.observe(place)))
            place.close()
    with tempfile.TemporaryDirectory() as folder:
        records = Records(Path(folder).resolve())
        judged = [one.row(one.observe(records)) for one in (SOUND_RECORD, *OF_RECORDS)]
        records.close()
    page = placed_on_page(PAGE.read_text(), "runs", runs)
    PAGE.write_text(placed_on_page(page, "records", judged))


if __name__ == "__main__":
    main()
