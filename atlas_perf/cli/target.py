"""`atlas-perf target`: the reference orchestrator, to write and try scenarios against."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import click

from atlas_perf import loop
from atlas_perf.cli.option_types import FAULT, LATENCY_SCALE, SEED, whole_number
from atlas_perf.cli.sections import SectionCommand
from atlas_perf.cli.streams import say, show
from atlas_perf.cli.suggestions import SuggestingChoice
from atlas_perf.errors import ExitCode
from atlas_perf.target.latency import HEALTHY, read_models
from atlas_perf.target.settings import Contract, TargetSettings, with_secrets_of_environment

_HELP = """Serve the reference orchestrator until Ctrl-C.

It is what '--environment embedded' starts for a run; serve it yourself to look at its answers or
to load it from another terminal with '--environment local'.
"""

_EPILOG = """\b
Examples:
  atlas-perf target                          http://127.0.0.1:8088, as '--environment local' expects
  atlas-perf target --port 0                 any free port; the URL is printed
  atlas-perf target --latency-scale 3        three times slower than usual
  atlas-perf target --fault 'error:503@runs.list,share=5%'   one list in twenty fails
  atlas-perf target --contract deployed      what the orchestrator's controllers serve today

\b
TARGET_AUTH_TOKEN and TARGET_A2A_TOKEN in the environment make it ask for these tokens,
TARGET_JWT_SECRET for JWTs that are signed with it, as --jwt does for any.
"""


@click.command(
    cls=SectionCommand,
    short_help="Serve the reference orchestrator.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="Address to listen on (default: 127.0.0.1, this machine only).",
)
@click.option(
    "--port",
    type=whole_number(0, 65535),
    default=8088,
    metavar="PORT",
    help="Port to listen on; 0 takes a free one (default: 8088).",
)
@click.option(
    "--seed",
    type=SEED,
    default=0,
    metavar="N",
    help="Start of its random latencies and outcomes (default: 0).",
)
@click.option(
    "--latency-scale",
    type=LATENCY_SCALE,
    default=1.0,
    metavar="FACTOR",
    help="Multiply every latency; 0 answers at once (default: 1).",
)
@click.option(
    "--latencies",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="TOML file of latency models, by operation.",
)
@click.option(
    "--contract",
    type=SuggestingChoice([contract.value for contract in Contract]),
    default=Contract.DOCUMENTED.value,
    metavar="NAME",
    help="Contract to serve: documented or deployed (default: documented).",
)
@click.option(
    "--jwt",
    is_flag=True,
    help="Ask for a JWT as the bearer token, of any signature.",
)
@click.option(
    "--fault",
    "faults",
    type=FAULT,
    multiple=True,
    metavar="FAULT",
    help="Misbehave, such as 'latency:200ms' or 'error:503@tasks.submit,share=2%' (see "
    "docs/faults.md). Repeatable.",
)
def target(
    *,
    host: str,
    port: int,
    seed: int,
    latency_scale: float,
    latencies: Path | None,
    contract: str,
    jwt: bool,
    faults: tuple[str, ...],
) -> ExitCode:
    # Serving needs aiohttp, which a load run must not pay for.
    from atlas_perf.target.server import serve  # noqa: PLC0415

    if not _is_loopback(host):
        say(f"warning: {host} can be reached from other machines; the target is made for tests")
    settings = TargetSettings(
        contract=Contract(contract),
        seed=seed,
        latency_scale=latency_scale,
        latencies=HEALTHY if latencies is None else read_models(latencies),
        asks_for_jwt=jwt,
        faults=faults,
    )
    served = serve(
        with_secrets_of_environment(settings),
        host=host,
        port=port,
        on_ready=lambda url: show(f"listening on {url}"),
    )
    loop.run(served)
    return ExitCode.PASS


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
