"""One `find-capacity` command: step after step, each a run of its own, until the answer."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime

from atlas_perf.cli.capacity_request import CapacityRequest
from atlas_perf.cli.child_server import ChildServer
from atlas_perf.cli.conduct import PreparedRun, report_width, run_shown
from atlas_perf.cli.embedded import asks_for_sockjs, contract_of, embedded_target
from atlas_perf.cli.environments import Environment
from atlas_perf.cli.facts import gather_facts
from atlas_perf.cli.preflight import refuse_hopeless
from atlas_perf.cli.safety import refuse_unasked_production
from atlas_perf.cli.session import environment_of, make_plan, refuse_too_many_processes
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import is_terminal, say, show, wants_colour
from atlas_perf.errors import AtlasPerfError, ExitCode, PlanError, RunInvalidError
from atlas_perf.judge.capacity_search import SearchPlan, bounds, next_level, word
from atlas_perf.judge.capacity_words import sentences
from atlas_perf.judge.redact import redacted_text, secret_values
from atlas_perf.judge.slo import SloJudge
from atlas_perf.loader import find_scenario
from atlas_perf.model.capacity import (
    Bounds,
    CapacityResult,
    CapacityStep,
    CapacityWord,
    LoadModel,
    StepOutcome,
    Trial,
)
from atlas_perf.model.metric import HTTP_RESPONSE_TIME
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import RateTotal, TrendTotal
from atlas_perf.model.summary import Summary
from atlas_perf.outputs.steady_part import SteadyPart
from atlas_perf.report.capacity import capacity_to_json, level_text, render_capacity, step_line
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.results_folder import CONSOLE_FILE, CONSOLE_WIDTH, ResultsFolder
from atlas_perf.report.summary_json import summary_to_json
from atlas_perf.units import NS_PER_MS, NS_PER_S, format_planned

CAPACITY_FILE = "capacity.json"
_UNFINISHED = "The search has not finished: this file is replaced when it does."
_POLL_S = 0.1
_FAILED = Selector("http_req_failed")


def find_capacity(request: CapacityRequest) -> ExitCode:
    """Search, print the answer, and leave it in a results folder.

    Raises:
        UsageError: what was asked for cannot be used; no load was offered.
        RunInvalidError: the embedded target or the workers did not come up.
    """
    search = request.search()
    with StopSignals() as signals, ExitStack() as running:
        environment, target = _environment(request, search, running)
        base = request.base_request(search)
        refuse_too_many_processes(base)
        plan, _ = make_plan(
            base, find_scenario(request.scenario), environment, own_target=target is not None
        )
        common = PreparedRun(plan, environment, (), (), target)
        return _Search(request, search, common, signals).carry_out()


def _environment(
    request: CapacityRequest, search: SearchPlan, running: ExitStack
) -> tuple[Environment, ChildServer | None]:
    find_scenario(request.scenario)
    environment = environment_of(request.base_request(search), request.scenario)
    variables = {**os.environ, **request.env}
    refuse_unasked_production(
        request.environment,
        environment.base_url,
        variables.get("PRODUCTION_URL"),
        allowed=request.allow_production,
    )
    if not environment.starts_target:
        return environment, None
    target = running.enter_context(
        embedded_target(
            request.seed, contract_of(variables), sockjs_framing=asks_for_sockjs(variables)
        )
    )
    return environment.at(target.url), target


class _Search:
    def __init__(
        self,
        request: CapacityRequest,
        search: SearchPlan,
        common: PreparedRun,
        signals: StopSignals,
    ) -> None:
        """`common` is what all steps have in common: its plan is that of no step."""
        self._request = request
        self._search = search
        self._common = common
        self._signals = signals
        base = common.plan
        first = request.step_plan(base, search.first, 0)
        self._judge = SloJudge(first, len(request.slo), request.hold_ns)
        # What cannot even begin is refused before any load; later on it is the generator's limit.
        for warning in refuse_hopeless(
            first, common.environment.base_url, ignored=request.ignore_preflight
        ):
            say(f"warning: {base.name}: {warning}")
        self._began = datetime.now(UTC)
        self._steps: list[CapacityStep] = []
        self._no_data = self._interrupted = False
        asked = first.thresholds[: len(request.slo)]
        self._slo = tuple(f"{one.selector}: {one.expression}" for one in asked)
        name = f"{base.name}-capacity"
        self._folder = ResultsFolder.create(request.results_dir, name, self._began)
        self._write(self._result(None, (_UNFINISHED,)))

    def carry_out(self) -> ExitCode:
        """Step until there is no more to learn; what is known stays, however it ends."""
        self._signals.hold()
        self._say(self._headline())
        try:
            while (level := self._next_level()) is not None:
                self._take(level)
                self._write(self._result(None, (_UNFINISHED,)))
        except AtlasPerfError as error:
            why = redacted_text(str(error), secret_values([os.environ, self._request.env]))
            known = self._result(None, (f"The search ended without an answer: {why}",))
            with suppress(ResultsWriteError):  # the error itself is what the user must see
                self._write(known)
            if self._steps:
                show(render_capacity(known, colour=wants_colour(sys.stdout), width=report_width()))
                self._say(f"results: {self._folder.path}")
            raise
        found = self._word()
        told = sentences(found, self._search, self._steps, self._request.model)
        result = self._result(found, told)
        try:
            plain = render_capacity(result, colour=False, width=CONSOLE_WIDTH)
            self._folder.put(CONSOLE_FILE, plain)
            self._write(result)
        finally:
            show(render_capacity(result, colour=wants_colour(sys.stdout), width=report_width()))
        self._say(f"results: {self._folder.path}")
        return result.exit_code

    @property
    def _trials(self) -> list[Trial]:
        return [Trial(step.level, step.outcome) for step in self._steps]

    @property
    def _bounds(self) -> Bounds:
        return bounds(self._trials)

    def _next_level(self) -> int | None:
        self._interrupted = self._interrupted or self._signals.came
        if self._no_data or self._interrupted:
            return None
        return next_level(self._search, self._trials)

    def _word(self) -> CapacityWord:
        if self._interrupted:
            return CapacityWord.INTERRUPTED
        if self._no_data:
            return CapacityWord.NO_DATA
        return word(self._search, self._trials)

    def _take(self, level: int) -> None:
        """One step: a run, judged, and a rest if it was too much."""
        number = len(self._steps)
        plan = self._request.step_plan(self._common.plan, level, number)
        try:
            refuse_hopeless(
                plan, self._common.environment.base_url, ignored=self._request.ignore_preflight
            )
        except PlanError as error:
            told = (str(error),)
            self._note(CapacityStep(level, StepOutcome.UNPROVEN, 0.0, None, None, (), told))
            return
        latency = Selector(
            HTTP_RESPONSE_TIME if self._request.model is LoadModel.RATE else "http_req_duration"
        )
        steady = SteadyPart({*self._judge.selectors, latency, _FAILED})
        prepared = replace(self._common, plan=plan, outputs=(steady,))
        label = f"{plan.name} step {number + 1} at {level_text(level, self._request.model)}"
        quiet = self._request.quiet or not is_terminal(sys.stderr)
        summary = run_shown(prepared, self._signals, label, quiet=quiet)
        self._interrupted = summary.exit_code is ExitCode.INTERRUPTED
        if not self._interrupted:
            self._refuse_dead_target()
            self._note(self._judged(level, summary, steady, latency))
        self._folder.put(f"step-{number + 1:02}-{level}.json", summary_to_json(summary) + "\n")
        if self._interrupted:
            return
        if self._steps[-1].outcome is not StepOutcome.MET:
            self._rest()

    def _judged(
        self,
        level: int,
        summary: Summary,
        steady: SteadyPart,
        latency: Selector,
    ) -> CapacityStep:
        judged = self._judge.judge(summary, steady.total)
        self._no_data = judged.no_data
        times, failed = steady.total(latency), steady.total(_FAILED)
        begin_s, end_s = (
            ns // NS_PER_S for ns in (self._request.warm_up_ns, self._request.step_ns)
        )
        ended = sum(one.iterations for one in summary.windows if begin_s <= one.second < end_s)
        return CapacityStep(
            level=level,
            outcome=judged.outcome,
            achieved_per_s=ended / (end_s - begin_s),
            p95_ms=times.at_least.quantile(0.95) / NS_PER_MS
            if isinstance(times, TrendTotal)
            else None,
            failed_share=failed.passes / failed.samples if isinstance(failed, RateTotal) else None,
            criteria=judged.criteria,
            reasons=judged.reasons,
        )

    def _refuse_dead_target(self) -> None:
        early_end = None if self._common.target is None else self._common.target.early_end()
        if early_end is not None:
            raise RunInvalidError(early_end)

    def _note(self, step: CapacityStep) -> None:
        self._steps.append(step)
        self._say(f"{len(self._steps)}. {step_line(step, self._request.model)}")

    def _rest(self) -> None:
        """Let the target work off what the step left it; a signal ends the wait."""
        until_s = time.monotonic() + self._request.rest_ns / NS_PER_S
        while not self._signals.came and time.monotonic() < until_s:
            time.sleep(_POLL_S)

    def _headline(self) -> str:
        request, search = self._request, self._search
        first, last = (level_text(level, request.model) for level in (search.first, search.last))
        step, longest = map(format_planned, (request.step_ns, request.longest_ns(search)))
        return (
            f"{self._common.plan.name}: from {first} to {last} until {' or '.join(self._slo)} "
            f"is broken: at most {search.most_steps} steps of {step}, {longest} altogether, "
            "setup and teardown aside"
        )

    def _result(self, found: CapacityWord | None, told: tuple[str, ...]) -> CapacityResult:
        request, base = self._request, self._common.plan
        return CapacityResult(
            name=base.name,
            file=base.file,
            file_sha256=base.file_sha256,
            started_at=self._began.isoformat(),
            facts=gather_facts(self._common.environment),
            model=request.model,
            slo=self._slo,
            first=self._search.first,
            last=self._search.last,
            warm_up_s=request.warm_up_ns / NS_PER_S,
            hold_s=request.hold_ns / NS_PER_S,
            repeats=self._search.repeats,
            precision=self._search.precision,
            word=found,
            bounds=self._bounds,
            sentences=told,
            steps=tuple(self._steps),
        )

    def _write(self, result: CapacityResult) -> None:
        self._folder.put(CAPACITY_FILE, capacity_to_json(result))

    def _say(self, text: str) -> None:
        if not self._request.quiet:
            say(text)
