"""What a run is made with and on, noted in its summary."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import atlas_perf
from atlas_perf.cli.environments import Environment
from atlas_perf.loop import UVLOOP_VERSION
from atlas_perf.model.summary import Facts
from atlas_perf.url_credentials import without_credentials

_CPU_INFO = Path("/proc/cpuinfo")


def gather_facts(environment: Environment) -> Facts:
    url = environment.base_url
    return Facts(
        tool_version=atlas_perf.__version__,
        python=platform.python_version(),
        uvloop=UVLOOP_VERSION,
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu_model=cpu_model(),
        cpu_count=os.cpu_count() or 1,
        target="" if url is None else without_credentials(url),
        environment=environment.label,
    )


def cpu_model() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        lines = _CPU_INFO.read_text().splitlines()
    except OSError:  # no procfs
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), "") or platform.processor() or platform.machine()
