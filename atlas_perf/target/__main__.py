"""`python -m atlas_perf.target`: the reference orchestrator as a process of its own.

Tokens and secrets come from the environment: TARGET_AUTH_TOKEN, TARGET_A2A_TOKEN and
TARGET_JWT_SECRET.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from atlas_perf.errors import AtlasPerfError, ExitCode
from atlas_perf.loop import run
from atlas_perf.target.faults.grammar import FaultSpecError
from atlas_perf.target.faults.kinds import check_fault
from atlas_perf.target.latency import HEALTHY, read_models
from atlas_perf.target.server import serve
from atlas_perf.target.settings import Contract, TargetSettings, with_secrets_of_environment


def main(arguments: Sequence[str] | None = None) -> ExitCode:
    """Serve until stopped; an error is one sentence on standard error and its exit code."""
    options = _parser().parse_args(arguments)
    try:
        run(
            serve(
                _settings(options),
                host=options.host,
                port=options.port,
                exit_with_parent=options.exit_with_parent,
                on_ready=announce,
            )
        )
    except AtlasPerfError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return ExitCode.PASS


def _settings(options: argparse.Namespace) -> TargetSettings:
    models = HEALTHY if options.latencies is None else read_models(options.latencies)
    return with_secrets_of_environment(
        TargetSettings(
            contract=options.contract,
            seed=options.seed,
            latency_scale=options.latency_scale,
            latencies=models,
            lifecycle_scale=options.lifecycle_scale,
            asks_for_jwt=options.jwt,
            sockjs_framing=options.sockjs_framing,
            faults=tuple(options.faults),
        )
    )


def announce(url: str) -> None:
    """The one line on standard output, which whoever started the target waits for."""
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m atlas_perf.target",
        description="Serve the reference orchestrator.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: loopback)")
    parser.add_argument("--port", type=int, default=0, help="port to bind (default: any free one)")
    parser.add_argument(
        "--contract",
        type=Contract,
        choices=list(Contract),
        default=Contract.DOCUMENTED,
        help="which contract to serve (default: documented)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of all latencies and outcomes")
    parser.add_argument(
        "--latency-scale",
        type=_scale,
        default=1.0,
        help="times the service latency of every operation; 0 answers at once",
    )
    parser.add_argument(
        "--lifecycle-scale",
        type=_scale,
        default=1.0,
        help="times how long runs and tasks take; 0 ends them at once",
    )
    parser.add_argument(
        "--latencies",
        type=Path,
        metavar="FILE",
        help="TOML file of latency models that replace the usual ones",
    )
    parser.add_argument(
        "--jwt",
        action="store_true",
        help="ask for a JWT as the bearer token, signed with TARGET_JWT_SECRET if that is set",
    )
    parser.add_argument(
        "--sockjs-framing",
        action="store_true",
        help="under deployed: put SockJS' own framing around STOMP, as Spring does",
    )
    parser.add_argument(
        "--fault",
        dest="faults",
        type=_fault,
        action="append",
        default=[],
        metavar="FAULT",
        help="misbehave, such as error:503@tasks.submit,share=2%% (docs/faults.md); repeatable",
    )
    parser.add_argument(
        "--exit-with-parent",
        action="store_true",
        help="stop when standard input, a pipe from the parent, is closed",
    )
    return parser


def _scale(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a scale: give a number of at least 0")
    return value


def _fault(text: str) -> str:
    try:
        return check_fault(text)
    except FaultSpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    raise SystemExit(main())
