"""One scenario run again and again, against builds that are served for each run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atlas_perf.cli.conduct import PreparedRun, recorded
from atlas_perf.cli.preflight import refuse_hopeless
from atlas_perf.cli.request import RunRequest
from atlas_perf.cli.served_build import Build, served
from atlas_perf.cli.session import environment_of, make_plan, refuse_wrong_target
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import is_terminal, say
from atlas_perf.errors import ExitCode, PlanError, RunInvalidError
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


class RepeatedRuns:
    """Makes runs that can be compared with each other, a results folder each.

    Raises:
        UsageError: the scenario cannot be run as asked; no load has been offered.
    """

    def __init__(self, request: RunRequest, signals: StopSignals, serving: Serving) -> None:
        """`request` has one scenario; where its load goes is said run by run."""
        (self._scenario,) = request.scenarios
        self._file = find_scenario(self._scenario)
        self._signals = signals
        self._serving = serving
        self._request = self._warmed_up(request)
        self._warned = False
        self._first: RunFiles | None = None

    def refuse_unasked_production(self, builds: Sequence[Build]) -> None:
        """Raises UsageError if one of them is production and nobody said that it may be."""
        for build in builds:
            if build.url is not None:
                request = self._at(build.url)
                refuse_wrong_target(
                    request, self._scenario, environment_of(request, self._scenario)
                )

    def run(self, build: Build, *, folder: Path, name: str, label: str, seed: int) -> RunFiles:
        """Serve the build, load it, and read the results back.

        Raises:
            InterruptedRunsError: a signal came.
            UnusableRunError: the run proves nothing.
            RunInvalidError: the build did not come up, or the run is unlike the first one.
        """
        self._refuse_interrupted()
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
                plan, warnings = make_plan(request, self._file, environment, own_target=False)
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
        plan, _ = make_plan(asked, self._file, environment, own_target=False)
        request = replace(request, environment=None, faults=(), outputs=())
        if request.warm_up_ns is not None or any(one.warm_up_ns for one in plan.scenarios):
            return request
        warmed = replace(asked, warm_up_ns=WARM_UP_NS)
        try:
            make_plan(warmed, self._file, environment, own_target=False)
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
