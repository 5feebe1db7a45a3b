"""`python -m benchmarks.outputs_in_a_run [--rounds N] [--json FILE]`.

What outputs cost a whole run: the same load with and without them, in turns, as ratios. Against the
null server, 64 users make as many requests as one worker can, which shows what slows a run down,
and then come 500 iterations a second, whose loop lag shows what is late. Receivers are in this
process, on the same machine: what they take of it is in the figures.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from atlas_perf.cli.child_server import child_server
from atlas_perf.report.run_files import read_run
from benchmarks.__main__ import machine
from benchmarks.process_cpu import cpu_until_end_s
from benchmarks.self_gate.cost import workers_cpu_s

FLOOD_S = 5
FEW_FROM_S, FEW_S = 6, 6

SCENARIO = f"""
options = {{"scenarios": {{
    "flood": {{"executor": "constant-vus", "vus": 64, "duration": "{FLOOD_S}s"}},
    "few": {{
        "executor": "constant-arrival-rate", "rate": 500, "startTime": "{FEW_FROM_S}s",
        "duration": "{FEW_S}s", "preAllocatedVUs": 20,
    }},
}}}}


async def default(vu):
    for number in range(10):
        response = await vu.http.get(f"/api/{{number}}", name=f"endpoint {{number}}")
        vu.check(response, {{"status is 200": lambda r: r.status == 200}})
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run."""

    coordinator_cpu_s: float
    worker_cpu_us: float  # per request
    flood_per_s: float  # requests that were achieved
    lag_median_ms: float  # of the longest loop lag in each second of the few


VARIANTS = ("without", "live", "json")
"""`live` is five receivers at the same time, one of each protocol; `json` is every sample."""

_WORDS = {
    "coordinator_cpu_s": "coordinator's CPU",
    "worker_cpu_us": "workers' CPU per request",
    "flood_per_s": "requests/s achieved",
    "lag_median_ms": "loop lag, median",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all rounds and print medians, and the medians of each round's ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outputs_in_a_run")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rounds there too")
    asked = parser.parse_args(arguments)
    rounds: list[dict[str, Cost]] = []
    for number in range(asked.rounds):
        turn = number % len(VARIANTS)
        order = VARIANTS[turn:] + VARIANTS[:turn]
        rounds.append({variant: measure(variant) for variant in order})
        print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
    print(table(rounds))
    if asked.json:
        plain = [{name: asdict(cost) for name, cost in one.items()} for one in rounds]
        asked.json.write_text(json.dumps({"machine": machine(), "rounds": plain}, indent=2) + "\n")


def measure(variant: str) -> Cost:
    """One run."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="atlas-perf-outputs-"))
        )
        (folder / "load.py").write_text(SCENARIO)
        server = stack.enter_context(
            child_server("the null server", "atlas_perf.null_server", ["--payload-bytes", "512"])
        )
        outs = ["json=samples.json"] if variant == "json" else []
        if variant == "live":
            outs = stack.enter_context(receivers())
        command = [sys.executable, "-m", "atlas_perf", "run", "load.py", "-p", "1", "--quiet"]
        command += ["-e", f"BASE_URL={server.url}"]
        command += [word for out in outs for word in ("--out", out)]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as running:
            coordinator_s = cpu_until_end_s(running)
        (results,) = (folder / "results").iterdir()
        summary = read_run(results).summary
    for output in summary.outputs:
        if not output.complete:  # the flood may be more than a file takes: that is a finding
            print(output.note, file=sys.stderr)
    flood = sum(one.requests for one in summary.endpoints if one.scenario == "flood")
    few = [one for one in summary.windows if FEW_FROM_S < one.second < FEW_FROM_S + FEW_S]
    return Cost(
        coordinator_s,
        1e6 * workers_cpu_s(summary) / sum(one.requests for one in summary.endpoints),
        flood / FLOOD_S,
        median(one.loop_lag_max_ms for one in few),
    )


def table(rounds: Sequence[dict[str, Cost]]) -> str:
    """A line for each figure; a ratio is to the run without outputs of the same round."""
    lines = [f"{'':<26}" + "".join(f"{variant:>20}" for variant in VARIANTS)]
    for name in (field.name for field in fields(Cost)):
        line = f"{_WORDS[name]:<26}"
        for variant in VARIANTS:
            value = median(getattr(one[variant], name) for one in rounds)
            line += f"{value:>12,.2f}"
            line += f"{_ratio(rounds, variant, name):>8}" if variant != "without" else " " * 8
        lines.append(line.rstrip())
    return "\n".join(lines)


def _ratio(rounds: Sequence[dict[str, Cost]], variant: str, name: str) -> str:
    each = (getattr(one[variant], name) / getattr(one["without"], name) for one in rounds)
    return f"×{median(each):.2f}"


@contextmanager
def receivers() -> Iterator[list[str]]:
    """One of each protocol, as `--out` is to be told."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Taker) as server, _udp_socket() as datagrams:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        port = _free_port()
        ended = threading.Event()
        threading.Thread(target=_scrape, args=(port, ended), daemon=True).start()
        try:
            yield [
                *(f"{kind}={url}" for kind in ("prometheus-rw", "opentelemetry", "influxdb")),
                f"prometheus=127.0.0.1:{port}",
                f"dogstatsd=127.0.0.1:{datagrams.getsockname()[1]}",
            ]
        finally:
            ended.set()
            server.shutdown()


class _Taker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing is printed beside the figures."""


def _udp_socket() -> socket.socket:
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    return datagrams


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _scrape(port: int, ended: threading.Event) -> None:
    """As a Prometheus with native histograms does, each second."""
    accept = (
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
    )
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept})
    while not ended.wait(1.0):
        with suppress(OSError), urllib.request.urlopen(request, timeout=5) as answer:
            answer.read()


if __name__ == "__main__":
    main()
