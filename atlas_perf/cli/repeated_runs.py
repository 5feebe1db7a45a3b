"""One scenario run again and again, against builds that are served for each run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atlas_perf.cli.conduct import PreparedRun, recorded
from atlas_perf.cli.embedded import asks_for_sockjs, contract_of
from atlas_perf.cli.preflight import refuse_hopeless
from atlas_perf.cli.request import RunRequest
from atlas_perf.cli.served_build import (
    Build,
    ServedBuild,
    refuse_unstartable,
    served,
    speaking,
)
from atlas_perf.cli.session import environment_of, make_plan, refuse_wrong_target
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import is_terminal, say
from atlas_perf.errors import ExitCode, PlanError, RunInvalidError, UsageError
from atlas_perf.judge.comparison.likeness import unlikeness, unusable
from atlas_perf.loader import find_scenario
from atlas_perf.model.summary import Summary
from atlas_perf.report.run_files import NoRunError, RunFiles, read_run
from atlas_perf.report.value_text import milliseconds_text
from atlas_perf.units import NS_PER_S, format_planned

WARM_UP_NS = 5 * NS_PER_S
"""Of each run, where nobody says another: caches, pools and compilers have their first seconds."""

_PLACEHOLDER_URL = "http://127.0.0.1:1"


@dataclass(frozen=True, slots=True)
class Serving:
    """How a build that is started becomes ready."""

    ready_path: str = ""  # empty: it need only listen
    ready_within_s: float = 30.0


class InterruptedRunsError(Exception):
    """A signal came: what is measured stays, and no more is begun."""


class UnusableRunError(Exception):
    """A run that proves nothing; the message is a clause with the reason."""


def only_scenario(request: RunRequest) -> str:
    """The scenario that is run again and again.

    Raises:
        UsageError: there are several.
    """
    if len(request.scenarios) > 1:
        raise UsageError(
            f"one scenario is run again and again, not {len(request.scenarios)}: name one of "
            f"{', '.join(request.scenarios)}"
        )
    return request.scenarios[0]


class RepeatedRuns:
    """Makes runs that can be compared with each other, a results folder each.

    Raises:
        UsageError: the scenario cannot be run as asked; no load has been offered.
    """

    def __init__(self, request: RunRequest, signals: StopSignals, serving: Serving) -> None:
        """`request` has one scenario; where its load goes is said run by run."""
        self._scenario = only_scenario(request)
        self._file = find_scenario(self._scenario)
        self._signals = signals
        self._serving = serving
        self._request = self._warmed_up(request)
        self._warned = False
        self._first: RunFiles | None = None

    def lengths_text(self, runs: int) -> str:
        """`10 runs of at most 2m (5s of it warm-up), 20m of load altogether`."""
        end_ns = self._plan.end_ns
        warm_up_ns = max(one.warm_up_ns for one in self._plan.scenarios)
        warm_up = f"{format_planned(warm_up_ns)} of it warm-up" if warm_up_ns else "no warm-up"
        return (
            f"{runs} runs of at most {format_planned(end_ns)} ({warm_up}), "
            f"{format_planned(runs * end_ns)} of load altogether"
        )

    def refuse_wrong_builds(self, builds: Sequence[Build]) -> None:
        """Raises UsageError if one of them cannot be started, or may not be loaded: production
        unasked, or a host that the project's limits leave out."""
        for build in builds:
            refuse_unstartable(build)
            if build.url is not None:
                request = self._at(build.url)
                environment = environment_of(request, self._scenario)
                refuse_wrong_target(request, self._scenario, environment)
                make_plan(request, self._file, environment, own_target=False)

    def run(self, build: Build, *, folder: Path, name: str, label: str, seed: int) -> RunFiles:
        """Serve the build, load it, and read the results back.

        Raises:
            InterruptedRunsError: a signal came.
            UnusableRunError: the run proves nothing.
            RunInvalidError: the build did not come up, or ended by itself, or the run is unlike
                the first one.
        """
        self._refuse_interrupted()
        variables = {**os.environ, **self._request.env}
        build = speaking(build, contract_of(variables), sockjs_framing=asks_for_sockjs(variables))
        try:
            with served(
                build,
                log=folder / f"{name}.log",
                ready_path=self._serving.ready_path,
                ready_within_s=self._serving.ready_within_s,
                interrupted=lambda: self._signals.came,
            ) as target:
                request = replace(self._at(target.url), seed=seed)
                environment = environment_of(request, self._scenario)
                plan, warnings = make_plan(
                    request, self._file, environment, own_target=build.url is None
                )
                warnings += refuse_hopeless(
                    plan, environment.base_url, ignored=request.ignore_preflight
                )
                said, self._warned = () if self._warned else warnings, True
                started = None if build.url is not None else target
                prepared = PreparedRun(plan, environment, (), said, started)
                summary, path = recorded(
                    prepared,
                    folder,
                    self._signals,
                    quiet=request.quiet or not is_terminal(sys.stderr),
                    folder_name=name,
                    label=label,
                )
                self._refuse_dead(target, summary, label)
        except KeyboardInterrupt:
            raise InterruptedRunsError from None
        if not request.quiet:
            say(f"{label}: {_in_short(summary)}")
        return self._usable(summary, path)

    def _usable(self, summary: Summary, path: Path) -> RunFiles:
        if summary.exit_code is ExitCode.INTERRUPTED:
            raise InterruptedRunsError
        reason = unusable(summary)
        if reason is not None:
            raise UnusableRunError(reason)
        try:
            files = read_run(path)
        except NoRunError as error:
            raise RunInvalidError(str(error)) from None
        self._first = self._first or files
        difference = unlikeness(
            (self._first.summary, self._first.sketches), (files.summary, files.sketches)
        )
        if difference is not None:
            raise RunInvalidError(
                f"{path.name} and {self._first.path.name} cannot be compared: they differ in "
                f"{difference}"
            )
        return files

    def _refuse_dead(self, target: ServedBuild, summary: Summary, label: str) -> None:
        """A build that falls over under the load is no mishap of a run that could be made again:
        pairs that are left out for it would hide what is wrong with it."""
        early_end = target.early_end()
        if early_end is not None and summary.exit_code is not ExitCode.INTERRUPTED:
            raise RunInvalidError(f"{label}: {early_end.rstrip('.')}; a build must outlive its run")

    def _refuse_interrupted(self) -> None:
        if self._signals.came:
            raise InterruptedRunsError

    def _at(self, url: str) -> RunRequest:
        return replace(self._request, env={**self._request.env, "BASE_URL": url})

    def _warmed_up(self, request: RunRequest) -> RunRequest:
        """The request with a warm-up, if neither it nor the scenario says what it is to be."""
        asked = replace(
            request,
            env={**request.env, "BASE_URL": _PLACEHOLDER_URL},
            environment=None,
            faults=(),
            outputs=(),
        )
        environment = environment_of(asked, self._scenario)
        # The address stands for none yet: it is no host that limits could leave out.
        plan, _ = make_plan(asked, self._file, environment, own_target=True)
        self._plan = plan
        request = replace(request, environment=None, faults=(), outputs=())
        if request.warm_up_ns is not None or any(one.warm_up_ns for one in plan.scenarios):
            return request
        warmed = replace(asked, warm_up_ns=WARM_UP_NS)
        try:
            self._plan, _ = make_plan(warmed, self._file, environment, own_target=True)
        except PlanError:
            say(
                f"warning: the runs have no warm-up, since {format_planned(WARM_UP_NS)} of it "
                "would leave nothing of their load: give a longer --duration, or --warm-up"
            )
            return request
        return replace(request, warm_up_ns=WARM_UP_NS)


def _in_short(summary: Summary) -> str:
    """`FAIL, p(95) 12.3ms, 3 of 1,204 requests failed`: one run in a line."""
    parts = [summary.verdict.value]
    for name in ("http_req_response_time", "http_req_duration", "ws_rtt", "iteration_duration"):
        metric = summary.metrics.get(name)
        if metric is not None and "p(95)" in metric.values:
            parts.append(f"{name} p(95) {milliseconds_text(metric.values['p(95)'])}")
            break
    failed = summary.metrics.get("http_req_failed")
    if failed is not None:
        whole = failed.values["passes"] + failed.values["fails"]
        parts.append(f"{failed.values['passes']:,.0f} of {whole:,.0f} requests failed")
    return ", ".join(parts)
