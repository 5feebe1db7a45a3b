"""Pairs of runs of two builds, from the first to the verdict."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.noise_option import warn_of_noise
from atlas_perf.cli.repeated_runs import (
    InterruptedRunsError,
    RepeatedRuns,
    Serving,
    UnusableRunError,
)
from atlas_perf.cli.request import RunRequest
from atlas_perf.cli.served_build import Build
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import ExitCode, RunInvalidError, UsageError
from atlas_perf.judge.comparison.compare import compare
from atlas_perf.judge.comparison.decision import LEAST_PAIRS
from atlas_perf.judge.comparison.run_order import Side, run_order
from atlas_perf.loader import find_scenario
from atlas_perf.model.comparison import Comparison, Terms
from atlas_perf.model.noise import Noise
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.comparison import comparison_to_json, render_comparison
from atlas_perf.report.results_folder import CONSOLE_FILE, CONSOLE_WIDTH, ResultsFolder
from atlas_perf.report.run_files import RunFiles

COMPARISON_FILE = "comparison.json"
LOOKS = 2
"""With an extension the pairs are looked at so often, each time with its part of alpha."""

MOST_SEED = 2**31


@dataclass(frozen=True, slots=True)
class AbRequest:
    """An `ab` command as asked for."""

    run: RunRequest
    base: Build
    candidate: Build
    pairs: int
    extend: bool
    terms: Terms
    serving: Serving
    noise: Noise | None
    as_json: bool


@dataclass(slots=True)
class _Pairs:
    """Whole pairs, and what became of the others."""

    base: list[RunFiles] = field(default_factory=list)
    candidate: list[RunFiles] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.base)


def compare_builds(request: AbRequest) -> ExitCode:
    """Run the pairs and judge them; what was measured stays, however it ends.

    Raises:
        UsageError: the scenario, a build or an option cannot be used.
        RunInvalidError: a build did not come up, or runs prove nothing or are unlike.
    """
    with StopSignals() as signals:
        return _Session(request, signals).carry_out()


class _Session:
    def __init__(self, request: AbRequest, signals: StopSignals) -> None:
        self._request = request
        self._signals = signals
        (scenario,) = request.run.scenarios
        find_scenario(scenario)
        seed = request.run.seed
        self._seed = random.randrange(MOST_SEED) if seed is None else seed
        name = scenario.rpartition("/")[2].removesuffix(".py")
        self._runs = RepeatedRuns(request.run, signals, request.serving)
        self._runs.refuse_unasked_production((request.base, request.candidate))
        self._folder = ResultsFolder.create(
            request.run.results_dir, f"{name}-ab", datetime.now(UTC)
        )
        looks = LOOKS if request.extend else 1
        self._terms = replace(request.terms, alpha=request.terms.alpha / looks)
        self._pairs = _Pairs()
        if request.noise is not None:
            warn_of_noise(request.noise, self._terms, request.pairs)

    def carry_out(self) -> ExitCode:
        self._signals.hold()
        order = run_order(self._seed)
        try:
            self._take_pairs(order, self._request.pairs)
            found = self._compared()
            if self._request.extend and found.verdict is Verdict.INCONCLUSIVE:
                self._say(
                    f"INCONCLUSIVE after {self._request.pairs} pairs: as many again follow, as "
                    "--extend asks"
                )
                self._take_pairs(order, LOOKS * self._request.pairs)
                found = self._compared()
        except InterruptedRunsError:
            return self._interrupted()
        return self._told(found)

    def _take_pairs(self, order: Iterator[tuple[Side, Side]], pairs: int) -> None:
        while len(self._pairs) < pairs:
            sides = next(order)
            number = len(self._pairs) + 1
            try:
                made = self._pair(number, sides, "")
            except UnusableRunError as error:
                self._note(f"Pair {number} was made again, since {error}.")
                try:
                    made = self._pair(number, sides, "-again")
                except UnusableRunError as again:
                    raise RunInvalidError(
                        f"pair {number} proves nothing, and neither did it the first time: {again}"
                    ) from None
            self._pairs.base.append(made[Side.BASE])
            self._pairs.candidate.append(made[Side.CANDIDATE])

    def _pair(self, number: int, sides: tuple[Side, Side], again: str) -> dict[Side, RunFiles]:
        """Both runs, which ask the same things."""
        builds = {Side.BASE: self._request.base, Side.CANDIDATE: self._request.candidate}
        made = {}
        for side in sides:
            try:
                made[side] = self._runs.run(
                    builds[side],
                    folder=self._folder.path,
                    name=f"pair-{number:02}-{side}{again}",
                    label=f"pair {number} {side}",
                    seed=self._seed + number,
                )
            except UnusableRunError as error:
                raise UnusableRunError(f"its {side} run cannot be compared: {error}") from None
        return made

    def _compared(self) -> Comparison:
        try:
            found = compare(
                [one.sketches for one in self._pairs.base],
                [one.sketches for one in self._pairs.candidate],
                self._terms,
            )
        except ValueError as error:
            raise UsageError(str(error)) from None
        how = (
            "The runs were made in turns: in every two pairs each build was first once, by a coin "
            f"with seed {self._seed}"
        )
        if self._request.extend:
            share = f"{self._terms.alpha * 100:g} %"
            looks = "once" if len(self._pairs) == self._request.pairs else "twice"
            how += f"; they were looked at {looks}, each time with {share}"
        return replace(found, reasons=(*found.reasons, *self._pairs.notes, f"{how}."))

    def _told(self, found: Comparison) -> ExitCode:
        bases = [one.path.name for one in self._pairs.base]
        candidates = [one.path.name for one in self._pairs.candidate]
        as_json = comparison_to_json(found, bases, candidates)
        try:
            plain = render_comparison(found, bases, candidates, colour=False, width=CONSOLE_WIDTH)
            self._folder.put(CONSOLE_FILE, plain)
            self._folder.put(COMPARISON_FILE, as_json)
        finally:
            show(
                as_json
                if self._request.as_json
                else render_comparison(
                    found,
                    bases,
                    candidates,
                    colour=wants_colour(sys.stdout),
                    width=report_width(),
                )
            )
        self._say(f"results: {self._folder.path}")
        if found.verdict is Verdict.INCONCLUSIVE and found.exit_code is ExitCode.PASS:
            say("warning: nothing is shown either way; exit code 0 does not mean that all is well")
        return found.exit_code

    def _interrupted(self) -> ExitCode:
        whole = len(self._pairs)
        text = f"interrupted: {whole} of {self._request.pairs} pairs are in {self._folder.path}"
        if whole >= LEAST_PAIRS:
            text += "; 'atlas-perf compare' reads them"
        say(text)
        return ExitCode.INTERRUPTED

    def _note(self, sentence: str) -> None:
        self._pairs.notes.append(sentence)
        say(f"warning: {sentence}")

    def _say(self, text: str) -> None:
        if not self._request.run.quiet:
            say(text)
