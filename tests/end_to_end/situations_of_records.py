"""Records that prove nothing, given to `analyze` and to `compare`: of real runs, then damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

from counting_server import answer
from finished_run import Finished
from situation import Observed, Place, Situation, command, refused

SCENARIO = """
options = {"vus": 2, "iterations": 20}


async def default(vu):
    await vu.http.get("/")
    await vu.sleep(0.02)
"""
INTERRUPTED = SCENARIO.replace('"iterations": 20', '"duration": "20s"') + (
    """    if vu.iteration == 10:
        import os, signal
        os.kill(os.getppid(), signal.SIGINT)
"""
)
ROW = """
[[baseline]]
component = "API"
name = "p95 latency of NAME"
scenario = "NAME"
metric = "http_req_duration"
aggregation = "p(95)"
limit = "< 500"
unit = "ms"
minimum_samples = 1
"""


class Records(Place):
    """Real runs of one scenario file, made when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._url = self.serve(lambda method, path: answer(200)).url
        self._made: dict[str, Path] = {}
        self.baselines("orders.toml", "scenario")

    def baselines(self, file_name: str, *scenarios: str) -> str:
        rows = "".join(ROW.replace("NAME", name) for name in scenarios)
        (self.folder / file_name).write_text(f"version = 1\n{rows}")
        return file_name

    def record(self, name: str, *options: str, source: str = SCENARIO) -> Path:
        """The results folder `name`; the same run for the same options."""
        key = f"{options} {source}"
        if key not in self._made:
            every_run = ("--baselines", "orders.toml", "--quiet")
            run = self.run(source, *options, *every_run, base_url=self._url)
            assert run.results is not None, run.stderr
            self._made[key] = run.results
        return self.copied(self._made[key], name)

    def copied(self, results: Path, name: str) -> Path:
        copy = self.folder / name
        shutil.rmtree(copy, ignore_errors=True)
        return shutil.copytree(results, copy)

    def analyze(self, *folders: Path, baselines: str = "orders.toml") -> Observed:
        return _analysed(
            self.commanded("analyze", *(one.name for one in folders), "--baselines", baselines)
        )

    def compare(self, base: Path) -> Observed:
        return refused(self.commanded("compare", base.name, self.record("new").name))

    def commanded(self, *arguments: str) -> Finished:
        with chdir(self.folder):
            return command(*arguments)


def _analysed(run: Finished) -> Observed:
    """The word on the last line, and the first reason above it."""
    *_, last = run.stdout.splitlines()
    _, *reasons = run.stdout.split("  › ")
    told = reasons[0].split("\n\n")[0] if reasons else last.partition("  ")[2]
    return Observed(last.split()[1], run.exit_code, " ".join(told.split()))


Given = Callable[[Records], Path]


def _analyzing(given: Given) -> Callable[[Records], Observed]:
    return lambda records: records.analyze(given(records))


def _comparing(given: Given) -> Callable[[Records], Observed]:
    return lambda records: records.compare(given(records))


def _empty(records: Records) -> Path:
    folder = records.folder / "base"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _torn(records: Records) -> Path:
    folder = records.record("base")
    file = folder / "summary.json"
    file.write_text(file.read_text().partition('"plan"')[0])
    return folder


def _torn_sketches(records: Records) -> Path:
    folder = records.record("base")
    file = folder / "sketches.msgpack"
    file.write_bytes(file.read_bytes()[:100])
    return folder


def _without_sketches(records: Records) -> Path:
    folder = records.record("base")
    (folder / "sketches.msgpack").unlink()
    return folder


def _older(records: Records) -> Path:
    folder = records.record("base")
    file = folder / "summary.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema_version": "0.9"}))
    return folder


def _partial(records: Records) -> Path:
    return records.record("base", source=INTERRUPTED)


def _another_plan(records: Records) -> Path:
    return records.record("base", "-u", "3")


def _of_a_scenario_without_rows(records: Records) -> Observed:
    file = records.baselines("other.toml", "payments")
    return records.analyze(records.record("base"), baselines=file)


def _without_a_run_for_a_row(records: Records) -> Observed:
    file = records.baselines("both.toml", "scenario", "payments")
    return records.analyze(records.record("base"), baselines=file)


def _sound(records: Records) -> Observed:
    return records.analyze(records.record("base"))


SOUND = Situation("`analyze`: a sound run", _sound)
_PLACE = ((r"line \d+ column \d+ \(char \d+\)", "line 30 column 3 (char 881)"),)

SITUATIONS = (
    Situation("`analyze`: an empty results folder", _analyzing(_empty)),
    Situation("`analyze`: a torn `summary.json`", _analyzing(_torn), varying=_PLACE),
    Situation("`analyze`: a `summary.json` of an older schema", _analyzing(_older)),
    Situation("`analyze`: a run that was interrupted", _analyzing(_partial)),
    Situation("`analyze`: baselines of another scenario", _of_a_scenario_without_rows),
    Situation("`analyze`: no run for one of two rows", _without_a_run_for_a_row),
    Situation("`compare`: the base is an empty folder", _comparing(_empty)),
    Situation("`compare`: the base's `summary.json` is torn", _comparing(_torn), varying=_PLACE),
    Situation("`compare`: the base's sketches are torn", _comparing(_torn_sketches)),
    Situation("`compare`: the base is of an older schema", _comparing(_older)),
    Situation("`compare`: the base kept no sketches", _comparing(_without_sketches)),
    Situation("`compare`: the base was interrupted", _comparing(_partial)),
    Situation("`compare`: the base is of another plan", _comparing(_another_plan)),
)
