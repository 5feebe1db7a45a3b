"""Pairs of runs of two builds, from the first to the verdict."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.noise_option import warn_of_noise, warn_of_other_conditions
from atlas_perf.cli.repeated_runs import (
    InterruptedRunsError,
    RepeatedRuns,
    Serving,
    UnusableRunError,
    only_scenario,
)
from atlas_perf.cli.request import RunRequest
from atlas_perf.cli.served_build import Build
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import AtlasPerfError, ExitCode, RunInvalidError, UsageError
from atlas_perf.judge.comparison.compare import compare, refuse_too_many
from atlas_perf.judge.comparison.decision import LEAST_PAIRS
from atlas_perf.judge.comparison.measured import reading
from atlas_perf.judge.comparison.run_order import Side, run_order
from atlas_perf.judge.redact import redacted_text, secret_values
from atlas_perf.loader import find_scenario
from atlas_perf.model.comparison import Comparison, Quantity, Terms
from atlas_perf.model.noise import Noise
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.comparison import comparison_to_json, render_comparison
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.reports_folder import comparison_files, refusal_files
from atlas_perf.report.results_folder import CONSOLE_FILE, CONSOLE_WIDTH, ResultsFolder
from atlas_perf.report.run_files import RunFiles

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
        scenario = only_scenario(request.run)
        find_scenario(scenario)
        try:
            refuse_too_many(request.terms.primary)
        except ValueError as error:
            raise UsageError(str(error)) from None
        seed = request.run.seed
        self._seed = random.randrange(MOST_SEED) if seed is None else seed
        name = scenario.rpartition("/")[2].removesuffix(".py")
        self._runs = RepeatedRuns(request.run, signals, request.serving)
        self._runs.refuse_wrong_builds((request.base, request.candidate))
        self._folder = ResultsFolder.create(
            request.run.results_dir, f"{name}-ab", datetime.now(UTC)
        )
        looks = LOOKS if request.extend else 1
        self._terms = replace(request.terms, alpha=request.terms.alpha / looks, looks=looks)
        self._wanted = request.pairs
        self._pairs = _Pairs()
        if request.noise is not None:
            warn_of_noise(request.noise, self._terms, request.pairs)

    def carry_out(self) -> ExitCode:
        self._signals.hold()
        self._say(self._headline())
        order = run_order(self._seed)
        try:
            self._take_pairs(order)
            found = self._compared()
            if self._request.extend and found.verdict is Verdict.INCONCLUSIVE:
                self._say(
                    f"INCONCLUSIVE after {self._request.pairs} pairs: as many again follow, as "
                    "--extend asks"
                )
                self._wanted = LOOKS * self._request.pairs
                self._take_pairs(order)
                found = self._compared()
        except InterruptedRunsError:
            return self._interrupted()
        except AtlasPerfError as error:
            self._leave_refusal(error)
            raise
        return self._told(found)

    def _headline(self) -> str:
        again = ", and as many again if they are INCONCLUSIVE" if self._request.extend else ""
        return (
            f"{self._request.pairs} pairs in the order of seed {self._seed}: "
            f"{self._runs.lengths_text(2 * self._request.pairs)}{again}"
        )

    def _take_pairs(self, order: Iterator[tuple[Side, Side]]) -> None:
        while len(self._pairs) < self._wanted:
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
            if len(self._pairs) == 1:
                self._look_at_first_pair()

    def _look_at_first_pair(self) -> None:
        """A metric that cannot gate is refused after one pair, and not after all of them."""
        for row in self._compared().metrics:
            quantity = Quantity(row.selector, row.statistic)
            for run in (self._pairs.base[0], self._pairs.candidate[0]):
                found = reading(quantity, run.sketches)
                if row.primary and found is not None and found.lacking:
                    say(
                        f"warning: {quantity} will have no data: {found.lacking}; "
                        "Ctrl-C, and make the runs longer"
                    )
                    break
        if self._request.noise is not None:
            warn_of_other_conditions(self._request.noise, self._pairs.base[0].summary)

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
        files = comparison_files(
            found, bases, candidates, file=self._pairs.candidate[0].summary.file
        )
        try:
            plain = render_comparison(found, bases, candidates, colour=False, width=CONSOLE_WIDTH)
            self._put({CONSOLE_FILE: plain, **files})
        finally:
            show(
                comparison_to_json(found, bases, candidates)
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
        text = f"interrupted: {whole} of {self._wanted} pairs are in {self._folder.path}"
        if whole >= LEAST_PAIRS:
            text += "; 'atlas-perf compare' reads them"
        say(text)
        return ExitCode.INTERRUPTED

    def _leave_refusal(self, error: AtlasPerfError) -> None:
        """A pipeline that reads reports is told, too, why there is no comparison."""
        secrets = secret_values([os.environ, self._request.run.env])
        sentence = redacted_text(str(error), secrets)
        with suppress(ResultsWriteError):  # the error itself is what the user must see
            self._put(refusal_files(sentence, error.exit_code))
        say(f"{len(self._pairs)} of {self._wanted} pairs are in {self._folder.path}")

    def _put(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            self._folder.put(name, text)

    def _note(self, sentence: str) -> None:
        self._pairs.notes.append(sentence)
        say(f"warning: {sentence}")

    def _say(self, text: str) -> None:
        if not self._request.run.quiet:
            say(text)
