"""The variables a scenario file may read: those given with `-e`, then the process's own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping


class MissingVariable(KeyError):
    """A variable that a scenario needs and nobody gave."""

    def __str__(self) -> str:
        name = self.args[0]
        return f"the variable {name} is not set: give it with -e {name}=…, or in the environment"


class Environment(Mapping[str, str]):
    """A read-only view that lays given variables over `os.environ`, as k6's `__ENV` does.

    The process's own variables are read where they are and never copied into the plan. What a
    scenario does with them may still turn up in a report, where `judge.redact` hides the values of
    those whose names say that they are secret.
    """

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def replace(self, given: Mapping[str, str]) -> None:
        """Forget the variables given before and use these."""
        self._given = dict(given)

    def __getitem__(self, name: str) -> str:
        try:
            return self._given[name] if name in self._given else os.environ[name]
        except KeyError:
            raise MissingVariable(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter({**os.environ, **self._given})

    def __len__(self) -> int:
        return len({**os.environ, **self._given})

    def __repr__(self) -> str:
        # Values are left out on purpose: this ends up in tracebacks, and tokens live here.
        return f"<environment: {len(self)} variables>"


ENVIRONMENT = Environment()
"""The one environment of this process; the loader fills it before it imports a file."""

env: Mapping[str, str] = ENVIRONMENT
"""What scenario files import: `from atlas_perf import env`."""
