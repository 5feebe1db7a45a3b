"""A situation that proves nothing, and the page that says what comes of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from counting_server import CountingServer, Handler
from finished_run import Finished, run_scenario_in

from atlas_perf.cli.main import execute

PAGE = Path(__file__).parents[2] / "docs" / "what-does-not-pass.md"
BEGIN = "<!-- {table}: written by python tests/end_to_end/write_what_does_not_pass.py -->"
END = "<!-- end -->"
NOTHING = "–"


@dataclass(frozen=True)
class Observed:
    """What came of it: the word, the exit code, and the first sentence that says why."""

    verdict: str
    exit_code: int
    sentence: str


class Place:
    """A folder and servers of its own, until `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._servers: list[CountingServer] = []

    def serve(self, handler: Handler) -> CountingServer:
        self._servers.append(CountingServer(handler))
        return self._servers[-1]

    def run(self, source: str, *arguments: str, base_url: str = "") -> Finished:
        return run_scenario_in(self.folder, source, *arguments, base_url=base_url)

    def close(self) -> None:
        for server in self._servers:
            server.close()


@dataclass(frozen=True)
class Situation:
    """One row. `observe` makes it happen, and asserts what the row does not show."""

    given: str
    observe: Callable[[Place], Observed]
    k6: str = ""  # exit code of k6 2.2 in the same situation, where it was measured
    varying: tuple[tuple[str, str], ...] = ()  # figures of a sentence that differ from run to run

    def row(self, observed: Observed) -> str:
        sentence = observed.sentence
        for pattern, word in self.varying:
            sentence = re.sub(pattern, word, sentence)
        sentence = sentence.replace("|", "\\|")
        cells = [self.given, *([self.k6] if self.k6 else []), observed.verdict]
        return f"| {' | '.join([*cells, str(observed.exit_code), sentence])} |"


def of_run(run: Finished) -> Observed:
    """The verdict of a run, and its first reason."""
    assert run.results is not None, run.stdout + run.stderr
    summary = run.summary
    assert "Traceback" not in run.stdout + run.stderr
    assert summary["exit_code"] == run.exit_code
    reason = summary["reasons"][0].replace(f"{run.results.parents[1]}/", "")
    return Observed(summary["verdict"], run.exit_code, reason)


def refused(run: Finished) -> Observed:
    """A command that said in one line why it did nothing."""
    (line,) = run.stderr.splitlines()
    return Observed(NOTHING, run.exit_code, line.removeprefix("atlas-perf: "))


def command(*arguments: str) -> Finished:
    """`atlas-perf` in this process."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        exit_code = execute(arguments)
    return Finished(exit_code, out.getvalue(), err.getvalue(), None)


def rows_on_page(table: str) -> list[str]:
    """The rows that are committed, without the two lines of the head."""
    return _parts(PAGE.read_text(), table)[1].strip().splitlines()[2:]


def placed_on_page(page: str, table: str, rows: Sequence[str]) -> str:
    before, inside, after = _parts(page, table)
    head = inside.strip().splitlines()[:2]
    return "\n".join((f"{before}\n", *head, *rows, f"\n{after}"))


def _parts(page: str, table: str) -> tuple[str, str, str]:
    begin = BEGIN.format(table=table)
    before, found, rest = page.partition(begin)
    inside, end, after = rest.partition(END)
    assert found, f"{PAGE} has no {begin}"
    assert end, f"{PAGE} has no {END} behind it"
    return before + begin, inside, end + after
