"""One cell of the matrix as data: a load, a fault, and what it must and may break."""

from __future__ import annotations

from dataclasses import dataclass

DOCUMENTED, DEPLOYED = "documented", "deployed"
CONTRACTS = (DOCUMENTED, DEPLOYED)


@dataclass(frozen=True, slots=True)
class Load:
    """How a shipped scenario runs here: short, and with samples enough for all its criteria."""

    scenario: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One run of the matrix.

    `breaks` are criteria that ask for one and the same thing, as a threshold and a baseline with
    the same limit do: all of them must fail. `because` of that, `follows` may fail as well, and
    `undecided` may have too few samples. Whatever else the run judges must pass. A case without
    faults is a control: everything must pass.
    """

    load: Load
    contract: str
    faults: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    because: str = ""

    @property
    def is_control(self) -> bool:
        return not self.faults

    @property
    def command(self) -> tuple[str, ...]:
        """What a reader would type to see it, without `atlas-perf`."""
        contract = () if self.contract == DOCUMENTED else ("-e", f"CONTRACT={self.contract}")
        faults = tuple(word for fault in self.faults for word in ("--fault", fault))
        return ("run", self.load.scenario, *contract, *self.load.options, *faults)

    def __str__(self) -> str:
        what = " and ".join(self.breaks) if self.breaks else "healthy"
        return f"{self.load.scenario} {self.contract}: {what}"


def with_controls(cases: list[Case]) -> list[Case]:
    """The cases, and before them a control of each load in each contract that they use."""
    used = dict.fromkeys((case.load, case.contract) for case in cases)
    return [*(Case(load, contract) for load, contract in used), *cases]
