"""A finished `atlas-perf run`, as its user sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Finished:
    exit_code: int
    stdout: str
    stderr: str
    results: Path | None

    @property
    def summary(self) -> dict[str, Any]:
        assert self.results is not None, self.stderr
        return json.loads((self.results / "summary.json").read_text())

    def metric(self, name: str) -> dict[str, float]:
        return self.summary["metrics"][name]["values"]
