"""`--out kind=target` becomes an output."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from atlas_perf.errors import UsageError
from atlas_perf.outputs.base import Output
from atlas_perf.outputs.courier import Receiver
from atlas_perf.outputs.extra_packages import refuse_without
from atlas_perf.outputs.influxdb import InfluxFile, InfluxServer
from atlas_perf.outputs.k6_csv import K6CsvOutput
from atlas_perf.outputs.k6_ndjson import K6NdjsonOutput
from atlas_perf.outputs.live_output import LiveOutput
from atlas_perf.outputs.parquet import ParquetOutput
from atlas_perf.outputs.statsd import StatsdReceiver


@dataclass(frozen=True, slots=True)
class _Wanted:
    target: str
    interval_s: int
    variables: Mapping[str, str]

    def live(self, kind: str, receiver: Receiver, shown: str, *, required: bool = False) -> Output:
        name = f"{kind}={shown}"
        return LiveOutput(name, receiver, required=required, interval_s=self.interval_s)


@dataclass(frozen=True, slots=True)
class _Kind:
    target: str  # what its target is, for people
    make: Callable[[_Wanted], Output]
    writes_file: Callable[[str], bool] = lambda target: False  # noqa: ARG005 - of any target


def _influxdb(wanted: _Wanted) -> Output:
    if _is_url(wanted.target):
        server = InfluxServer(wanted.target, wanted.variables)
        return wanted.live("influxdb", server, server.shown)
    file = InfluxFile(Path(wanted.target))
    return wanted.live("influxdb", file, file.shown, required=True)


def _remote_write(wanted: _Wanted) -> Output:
    refuse_without("prometheus-rw", "cramjam", "google.protobuf")
    from atlas_perf.outputs.remote_write import RemoteWrite  # noqa: PLC0415 - may be missing

    receiver = RemoteWrite(wanted.target, wanted.variables)
    return wanted.live("prometheus-rw", receiver, receiver.shown)


def _scrape(wanted: _Wanted) -> Output:
    refuse_without("prometheus", "prometheus_client", "google.protobuf")
    from atlas_perf.outputs.scrape_endpoint import ScrapeOutput  # noqa: PLC0415 - may be missing

    return ScrapeOutput(wanted.target, wanted.variables)


def _open_telemetry(wanted: _Wanted) -> Output:
    refuse_without("opentelemetry", "opentelemetry.proto", "google.protobuf")
    from atlas_perf.outputs.open_telemetry import OpenTelemetry  # noqa: PLC0415 - may be missing

    receiver = OpenTelemetry(wanted.target, wanted.variables)
    return wanted.live("opentelemetry", receiver, receiver.shown)


def _statsd(kind: str, *, tagged: bool) -> Callable[[_Wanted], Output]:
    def make(wanted: _Wanted) -> Output:
        receiver = StatsdReceiver(kind, wanted.target, tagged=tagged)
        return wanted.live(kind, receiver, receiver.shown)

    return make


def _is_url(target: str) -> bool:
    return "://" in target


def _always(_target: str) -> bool:
    return True


_HOST_AND_PORT = re.compile(r"[\w.-]+:\d+(/|$)")

_KINDS: Mapping[str, _Kind] = {
    "csv": _Kind("FILE", lambda wanted: K6CsvOutput(Path(wanted.target)), _always),
    "dogstatsd": _Kind("HOST:PORT", _statsd("dogstatsd", tagged=True)),
    "influxdb": _Kind("URL or FILE", _influxdb, lambda target: not _is_url(target)),
    "json": _Kind("FILE", lambda wanted: K6NdjsonOutput(Path(wanted.target)), _always),
    "opentelemetry": _Kind("URL", _open_telemetry),
    "parquet": _Kind("FILE", lambda wanted: ParquetOutput(Path(wanted.target)), _always),
    "prometheus": _Kind("HOST:PORT", _scrape),
    "prometheus-rw": _Kind("URL", _remote_write),
    "statsd": _Kind("HOST:PORT", _statsd("statsd", tagged=False)),
}

OUTPUT_KINDS: tuple[str, ...] = tuple(sorted(_KINDS))
"""Kinds of output that `--out` knows."""


def parse_output(
    text: str, *, interval_s: int = 1, variables: Mapping[str, str] | None = None
) -> Output:
    """Read `kind=target`, such as `json=samples.ndjson.gz`.

    Args:
        interval_s: how often outputs send that do not write single samples.
        variables: of the process, which may hold what signs requests.

    Raises:
        UsageError: for an unknown kind, with the nearest one, or a target that cannot be used.
        PlanError: if the target cannot be written.
    """
    name, _, target = text.partition("=")
    kind = _KINDS.get(name)
    if kind is None:
        close = get_close_matches(name, OUTPUT_KINDS, n=1)
        meant = f"did you mean {close[0]!r}?" if close else f"there is {', '.join(OUTPUT_KINDS)}"
        raise UsageError(f"--out {name}: there is no output {name!r}, {meant}")
    if not target:
        raise UsageError(f"--out {name} needs a target: write --out {name}={kind.target}")
    if kind.writes_file(target) and _is_ours(target):
        raise UsageError(
            f"--out {text}: the summary and the progress go there: give {name} a file of its own"
        )
    if kind.writes_file(target):
        _refuse_address(name, target)
    return kind.make(_Wanted(target, interval_s, variables or {}))


def writes_file(text: str) -> bool:
    """True for a `kind=target` whose file a second run would write over."""
    name, _, target = text.partition("=")
    return name in _KINDS and _KINDS[name].writes_file(target)


def refuse_same_file(texts: Sequence[str]) -> None:
    """Raises UsageError if two of several `kind=target` write to one file."""
    writers: dict[Path, str] = {}
    for text in filter(writes_file, texts):
        name, _, target = text.partition("=")
        file = Path(target).resolve()
        if file != Path(os.devnull):
            if file in writers:
                raise UsageError(
                    f"--out {text}: {writers[file]} goes there already: give each a file of its own"
                )
            writers[file] = name


def _refuse_address(name: str, target: str) -> None:
    """A file of such a name is hardly what was meant."""
    if _is_url(target):
        to_urls = (kind for kind in OUTPUT_KINDS if "URL" in _KINDS[kind].target)
        raise UsageError(f"--out {name} needs a FILE: to a URL go {', '.join(to_urls)}")
    if name == "influxdb" and _HOST_AND_PORT.match(target):
        raise UsageError(
            f"--out influxdb={target}: a server's URL begins with http:// or https://; a file of "
            f"this name is influxdb=./{target}"
        )


def _is_ours(target: str) -> bool:
    """True for stdout and stderr under any name, unless they lead nowhere."""
    if target == "-":
        return True
    for descriptor in (1, 2):
        try:
            here, there = os.fstat(descriptor), Path(target).stat()
        except OSError:  # most often: the file does not exist yet
            continue
        if os.path.samestat(here, there) and not os.path.samestat(here, Path(os.devnull).stat()):
            return True
    return target in ("/dev/stdout", "/dev/stderr")
