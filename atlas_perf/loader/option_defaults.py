"""Options that a project's configuration lends to scenario files which do not say otherwise.

A key of the scenario replaces the lent one, whatever is in it. What decides the load is one whole:
a scenario that says a kind of load takes nothing of a lent one, so that no plan is half of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from atlas_perf.errors import UsageError
from atlas_perf.loader.option_table import KIND_OF_LOAD, OPTIONS
from atlas_perf.loader.plan_builder import refuse_contradictions
from atlas_perf.loader.problem import OptionPath, OptionProblem
from atlas_perf.loader.scenario_file import ScenarioFile

_PROXIES = frozenset({"proxy", "proxyFromEnvironment"})


@dataclass(frozen=True, slots=True)
class OptionDefaults:
    """Options under a scenario's own, and where they are written."""

    options: Mapping[str, object]
    file: str
    line_of: Callable[[OptionPath], int]
    profile: str = ""  # whose stages are among them

    def refuse_wrong(self) -> None:
        """Raises UsageError for an option that no scenario could have, with file and line."""
        try:
            refuse_contradictions(OPTIONS.read(self.options, ()), self.options)
        except OptionProblem as problem:
            raise UsageError(f"{self.file}:{self.line_of(problem.path)}: {problem}") from None


def with_defaults(scenario_file: ScenarioFile, defaults: OptionDefaults) -> ScenarioFile:
    """The file as though it had written those lent options itself which it does not replace."""
    own = frozenset(_canonical(scenario_file.options))
    replaced = own | _replaced_together(own)
    lent = {
        name: value
        for name, value in defaults.options.items()
        if OPTIONS.canonical(name) not in replaced
    }
    return replace(
        scenario_file,
        options={**lent, **scenario_file.options},
        lent=dict.fromkeys(lent, (defaults.file, defaults.line_of)),
    )


def unused_profile(scenario_file: ScenarioFile, defaults: OptionDefaults) -> tuple[str, ...]:
    """A sentence if the profile of the configuration gives way to the scenario's own load."""
    if not defaults.profile or "stages" in scenario_file.lent:
        return ()
    place = f"{defaults.file}:{defaults.line_of(('stages',))}"
    return (
        f"{place}: the profile {defaults.profile} is not used, as {scenario_file.name} says its "
        f"own load: --profile {defaults.profile} replaces that",
    )


def _canonical(options: Mapping[str, object]) -> Iterator[str]:
    for name in options:
        canonical = OPTIONS.canonical(name) if isinstance(name, str) else None
        if canonical is not None:
            yield canonical


def _replaced_together(own: frozenset[str]) -> frozenset[str]:
    replaced: set[str] = set()
    if own.intersection(KIND_OF_LOAD):
        replaced.update((*KIND_OF_LOAD, "vus"))
    if "scenarios" in own:
        replaced.add("warmUp")  # each of them says its own
    if own & {"vus", "warmUp"}:
        replaced.add("scenarios")
    if own & _PROXIES:
        replaced.update(_PROXIES)
    return frozenset(replaced)
