"""`atlas-perf bench`: one URL under load, without a scenario file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

import atlas_perf.builtin
from atlas_perf.cli import load_options
from atlas_perf.cli.bench_request import BenchRequest, bench_request
from atlas_perf.cli.calibration import DEFAULT_PAYLOAD_BYTES, DEFAULT_TIME_NS, load_of_plan
from atlas_perf.cli.conduct import PreparedRun, calibrated, observe, report_width
from atlas_perf.cli.cores import usable_cores
from atlas_perf.cli.environments import Environment
from atlas_perf.cli.option_types import COUNT, DURATION
from atlas_perf.cli.preflight import refuse_hopeless
from atlas_perf.cli.safety import refuse_unasked_production, under_limits
from atlas_perf.cli.safety_limits import limits_around
from atlas_perf.cli.sections import SectionCommand
from atlas_perf.cli.session import refuse_payload_alone
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import ExitCode, PlanError, UsageError
from atlas_perf.loader import load_scenario_file
from atlas_perf.loader.plan_limits import refuse_beyond_measure
from atlas_perf.model.metric import HTTP_RESPONSE_TIME
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    HttpOptions,
    ScenarioPlan,
    TestPlan,
    WhenBusy,
)
from atlas_perf.model.series import Selector
from atlas_perf.model.summary import Summary
from atlas_perf.outputs.latency_total import LatencyTotal
from atlas_perf.report.bench import LATENCY_STATS, render_bench
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.latency_histogram import histogram
from atlas_perf.report.summary_json import summary_to_json
from atlas_perf.units import NS_PER_S, format_planned

NAME = "bench"
_SECTION = "Options"
DEFAULT_CONNECTIONS = 50
DEFAULT_DURATION_NS = 10 * NS_PER_S
DEFAULT_TIMEOUT_NS = 30 * NS_PER_S

_HELP = """Ask one URL again and again, and say how fast it answers.

Every connection sends its next request when the last one is answered (a closed loop).
With --rate requests are due at that rate whatever the answers take, and their response time
counts from then: waiting for a free connection, or for a target that stands still, is in it.
Redirects are answers, not followed. Requests under way when the time is up are waited for.
"""

_EPILOG = """\b
Examples:
  atlas-perf bench http://localhost:8088/actuator/health
  atlas-perf bench http://localhost:8088/api/runs -c 64 -d 30s -p 2
  atlas-perf bench http://localhost:8088/api/runs --rate 500 -c 64
  atlas-perf bench http://localhost:8088/api/runs -d 40s --warm-up 10s --calibrate
  atlas-perf bench https://localhost:8443/ --insecure -H 'Authorization: Bearer abc'
  atlas-perf bench http://localhost:8088/api/runs --json '{"prompt": "hello"}'

\b
Exit codes: as of 'atlas-perf run'; more than 1 % of failed requests is a FAIL.
"""


@click.command(
    cls=SectionCommand,
    short_help="Ask one URL again and again.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("url", metavar="URL")
@click.option(
    "--connections",
    "-c",
    type=COUNT,
    default=DEFAULT_CONNECTIONS,
    metavar="N",
    help=f"Connections that ask at the same time (default: {DEFAULT_CONNECTIONS}).",
)
@load_options.RATE.under(
    _SECTION,
    help="Requests due in each second, evenly spaced, instead of as many as are answered.",
)
@load_options.DURATION.under(
    _SECTION,
    default=DEFAULT_DURATION_NS,
    help="How long requests are begun for, such as 30s (default: 10s).",
)
@load_options.WARM_UP.under(
    _SECTION,
    help="Leave requests that begin in the first TIME out of the figures. It is a part of "
    "--duration, not added to it.",
)
@load_options.PROCESSES.under(_SECTION, help="Worker processes that share the connections.")
@click.option(
    "--method", "-X", metavar="METHOD", help="GET unless given; POST where there is a body."
)
@click.option(
    "--header",
    "-H",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="A header of each request. Repeatable.",
)
@click.option("--body", metavar="TEXT|@FILE", help="What each request sends: text, or a file.")
@click.option(
    "--json", "json_text", metavar="TEXT", help="JSON that each request sends, with its type."
)
@click.option(
    "--timeout",
    "timeout_ns",
    type=DURATION,
    default=DEFAULT_TIMEOUT_NS,
    metavar="TIME",
    help="A request that takes longer has failed (default: 30s).",
)
@click.option("--insecure", is_flag=True, help="Accept any TLS certificate.")
@click.option("--name", metavar="TEXT", help="Stands for the URL in the summary.")
@click.option(
    "--summary",
    "summary_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    metavar="FILE",
    help="Also write everything measured there, as a summary.json.",
)
@load_options.ALLOW_PRODUCTION.under(
    _SECTION, help="Load production: without it, the host of PRODUCTION_URL is refused."
)
@load_options.IGNORE_PREFLIGHT.under(
    _SECTION,
    help="Run what this machine cannot carry out; what refuses it becomes a warning.",
)
@load_options.CALIBRATE.under(
    _SECTION,
    help="First drive a built-in null server for five seconds with the same processes, connections "
    "and rate. A run that comes too close to what the generator itself can do is then INVALID.",
)
@load_options.PAYLOAD.under(_SECTION)
@load_options.QUIET.under(_SECTION, help="No progress and no notes: the summary, and errors.")
@load_options.LOG_FORMAT.under(_SECTION)
def bench(
    *,
    url: str,
    method: str | None,
    headers: tuple[str, ...],
    body: str | None,
    json_text: str | None,
    name: str | None,
    summary_file: Path | None,
    allow_production: bool,
    ignore_preflight: bool,
    quiet: bool,
    connections: int,
    rate: int | None,
    calibrate: bool,
    payload_bytes: int | None,
    **load: Any,
) -> ExitCode:
    refuse_payload_alone(payload_bytes, "--calibrate", given=calibrate)
    request = bench_request(
        url, method=method, headers=headers, body=body, json_text=json_text, name=name
    )
    if summary_file is not None and not summary_file.parent.is_dir():
        raise UsageError(f"the summary cannot be written: there is no folder {summary_file.parent}")
    plan = bench_plan(request, connections=connections, rate=rate, **load)
    refuse_beyond_measure(plan)
    refuse_unasked_production(
        None, request.url, os.environ.get("PRODUCTION_URL"), allowed=allow_production
    )
    plan = under_limits(plan, limits_around([Path.cwd()], os.environ), request.url)
    for warning in refuse_hopeless(plan, request.url, ignored=ignore_preflight):
        say(f"warning: {warning}")
    latencies = LatencyTotal(None if rate is None else Selector(HTTP_RESPONSE_TIME))
    prepared = PreparedRun(
        plan,
        Environment(None, request.shown_url),
        (latencies,),
        calibration=load_of_plan(plan, payload_bytes or DEFAULT_PAYLOAD_BYTES, DEFAULT_TIME_NS)
        if calibrate
        else None,
    )
    with StopSignals() as signals:
        signals.hold()
        calibration = calibrated(prepared, signals, quiet=quiet)
        summary = observe(prepared, signals, quiet=quiet, calibration=calibration)
        show(
            render_bench(
                summary,
                histogram(latencies.sketch),
                connections=connections,
                rate=rate,
                colour=wants_colour(sys.stdout),
                width=report_width(),
            )
        )
        if summary_file is not None:
            _write(summary_file, summary, quiet=quiet)
    return summary.exit_code


def bench_plan(
    request: BenchRequest,
    *,
    connections: int,
    rate: int | None,
    duration_ns: int,
    timeout_ns: int,
    processes: int | None,
    insecure: bool,
    warm_up_ns: int | None = None,
) -> TestPlan:
    """The plan of a bench: one virtual user for each connection, the default gates.

    At a rate each arrival waits for a connection and is sent in the end: dropped, it would be
    missing among the latencies, and the slowest would be.

    Raises:
        PlanError: the warm-up leaves nothing of the duration.
    """
    path = Path(atlas_perf.builtin.__file__).with_name(f"{NAME}.py")
    variables = request.variables()
    file = load_scenario_file(path, variables)
    scenario = ScenarioPlan(
        name=NAME,
        executor=ConstantVUs(connections, duration_ns)
        if rate is None
        else ConstantArrivalRate(
            rate,
            duration_ns,
            pre_allocated_vus=connections,
            max_vus=connections,
            when_busy=WhenBusy.QUEUE,
        ),
        # Cutting the slowest requests off at the end would flatter the latencies.
        graceful_stop_ns=timeout_ns + NS_PER_S,
        warm_up_ns=warm_up_ns or 0,
    )
    if warm_up_ns is not None and warm_up_ns >= duration_ns:
        raise PlanError(
            f"--warm-up {format_planned(warm_up_ns)} leaves nothing of the "
            f"{format_planned(duration_ns)} to measure: give a shorter one, or a longer --duration"
        )
    return TestPlan(
        name=NAME,
        file=file.file,
        file_sha256=file.sha256,
        scenarios=(scenario,),
        env=variables,
        http=HttpOptions(
            timeout_ns=timeout_ns,
            # A redirect is an answer of this URL: following it would measure another one.
            max_redirects=0,
            insecure_skip_tls_verify=insecure,
        ),
        # A worker without a connection would only be in the way.
        processes=max(1, min(processes or usable_cores(), connections)),
        summary_trend_stats=LATENCY_STATS,
    )


def _write(file: Path, summary: Summary, *, quiet: bool) -> None:
    try:
        file.write_text(summary_to_json(summary) + "\n")
    except OSError as error:
        raise ResultsWriteError(
            f"the summary cannot be written to {file}: {error.strerror}"
        ) from None
    if not quiet:
        say(f"summary: {file}")
