"""`atlas-perf target`: the reference orchestrator, to write and try scenarios against."""

from __future__ import annotations

import os
from ipaddress import ip_address

import click

from atlas_perf import loop
from atlas_perf.cli.option_types import LATENCY_SCALE, SEED
from atlas_perf.cli.sections import SectionCommand
from atlas_perf.cli.streams import say, show
from atlas_perf.errors import ExitCode

_HELP = """Serve the reference orchestrator until Ctrl-C.

It is what '--environment embedded' starts for a run; serve it yourself to look at its answers or
to load it from another terminal with '--environment local'.
"""

_EPILOG = """\b
Examples:
  atlas-perf target                          http://127.0.0.1:8088, as '--environment local' expects
  atlas-perf target --port 0                 any free port; the URL is printed
  atlas-perf target --latency-scale 3        three times slower than usual

\b
TARGET_AUTH_TOKEN and TARGET_A2A_TOKEN in the environment make it ask for these tokens.
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
    type=click.IntRange(0, 65535),
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
def target(host: str, port: int, seed: int, latency_scale: float) -> ExitCode:
    # Serving needs aiohttp, which a load run must not pay for.
    from atlas_perf.target.server import serve  # noqa: PLC0415
    from atlas_perf.target.settings import TargetSettings  # noqa: PLC0415

    if not _is_loopback(host):
        say(f"warning: {host} can be reached from other machines; the target is made for tests")
    settings = TargetSettings(
        seed=seed,
        latency_scale=latency_scale,
        auth_token=os.environ.get("TARGET_AUTH_TOKEN") or None,
        a2a_token=os.environ.get("TARGET_A2A_TOKEN") or None,
    )
    loop.run(
        serve(settings, host=host, port=port, on_ready=lambda url: show(f"listening on {url}"))
    )
    return ExitCode.PASS


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
