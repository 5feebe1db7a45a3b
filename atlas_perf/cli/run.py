"""`atlas-perf run`: options become a request, and the request a verdict."""

from __future__ import annotations

from typing import Any

import click

from atlas_perf.cli.completion import ScenarioName
from atlas_perf.cli.load_options import options_of_run
from atlas_perf.cli.requested import requested
from atlas_perf.cli.sections import SectionCommand
from atlas_perf.cli.session import run_request
from atlas_perf.errors import ExitCode

_HELP = """Run load scenarios and judge them.

SCENARIO is a shipped scenario's name or a Python file (a path with a '/' or '.py').
Several run one after another, each with its own workers, results folder and verdict.
Without one, the shipped 'api' scenario runs; 'all' stands for smoke, api, a2a and websocket.
"""

_EPILOG = """\b
Units: durations need one (500ms, 30s, 1m30s, 2h); latencies in thresholds are milliseconds.

\b
Examples:
  atlas-perf run                                      the shipped 'api', embedded target
  atlas-perf run smoke api --duration-scale 0.05      two scenarios, each at 1/20 of its time
  atlas-perf run all --contract deployed              smoke, api, a2a and websocket in turn
  atlas-perf run a2a --profile spike                  another ramp than the scenario's own
  atlas-perf run my.py -u 50 -d 2m                    your file: 50 users for two minutes
  atlas-perf run my.py --rate 200 -d 2m               200 iterations a second, come what may
  atlas-perf run my.py -s 30s:20 -s 1m:20 -s 10s:0    ramp up, hold, ramp down
  atlas-perf run api --environment local -p 8         http://localhost:8088, 8 workers
  atlas-perf run api --fault 'latency:1s@runs.read'   a target that is slow where you say
  atlas-perf run my.py --calibrate                    and hold it against the generator's limits
  atlas-perf run my.py --threshold 'http_req_duration{name:login}=p(99)<800'

\b
Defaults of a project stand in its atlas-perf.toml, and most options are also read from variables,
such as ATLAS_PERF_VUS. Flags win over these, these over the scenario, and that over the file.

\b
Exit codes: 0 pass, 1 fail, 2 wrong usage or scenario, 3 the run proves nothing,
4 no data to judge, 70 a bug in atlas-perf, 130 interrupted.
"""


@click.command(
    cls=SectionCommand,
    short_help="Run load scenarios and judge them.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("scenarios", nargs=-1, type=ScenarioName(), metavar="[SCENARIO|FILE.py]...")
@options_of_run
@click.pass_context
def run(ctx: click.Context, /, *, scenarios: tuple[str, ...], **options: Any) -> ExitCode:
    return run_request(requested(ctx, scenarios=scenarios or ("api",), **options))
