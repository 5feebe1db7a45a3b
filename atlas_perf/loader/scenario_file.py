"""A scenario file, imported and checked: what it defines, before anything runs."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from atlas_perf.choices import did_you_mean
from atlas_perf.errors import ScenarioError
from atlas_perf.loader.lifecycle import (
    ITERATION,
    SETUP,
    TEARDOWN,
    Role,
    ScenarioFunction,
    UnusableFunction,
    adapt,
)
from atlas_perf.loader.module_import import compile_scenario, import_scenario
from atlas_perf.loader.problem import OptionPath, OptionProblem
from atlas_perf.loader.source_lines import OPTIONS_NAME, SourceLines
from atlas_perf.model.metric import Metric
from atlas_perf.scripting.feeds import Feed, collecting_feeds
from atlas_perf.scripting.metrics import collecting_metrics

DEFAULT_FUNCTION = "default"
_HOOKS = ("setup", "teardown")


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """What a scenario file defines. Functions take all arguments of their role, whatever the file's
    own take: `setup(vu)`, an iteration `(vu, data)`, `teardown(vu, data)`.
    """

    name: str
    file: str  # the path as the user gave it
    sha256: str
    options: Mapping[str, object]  # as written; `build_plan` checks them
    setup: ScenarioFunction | None
    teardown: ScenarioFunction | None
    functions: Mapping[str, ScenarioFunction]
    metrics: tuple[Metric, ...]
    feeds: tuple[Feed[Any], ...]
    unusable: Mapping[str, str]  # functions that cannot be an iteration -> why
    lines: SourceLines
    names: Mapping[str, object]  # everything at module level
    lent: Mapping[str, tuple[str, Callable[[OptionPath], int]]] = field(default_factory=dict)
    """Options that another file has written, and where: the file, and the line of a path."""

    def call_default(self, name: str = DEFAULT_FUNCTION) -> ScenarioFunction:
        """The iteration function that a scenario's `exec` names, as `(vu, data) -> awaitable`.

        Raises:
            ScenarioError: if there is none, or it cannot be called so.
        """
        if name in self.functions:
            return self.functions[name]
        if name in self.unusable:
            raise self.error(self.unusable[name], self.lines.of_name(name))
        raise self.option_error(self.missing(name), ())

    def missing(self, name: str) -> str:
        """What to say when there is no function of that name."""
        hint = did_you_mean(name, self.functions)
        if name == DEFAULT_FUNCTION and not hint:
            hint = ": write `async def default(vu)`"
        return f"there is no function `{name}`{hint}"

    def error(self, message: str, line: int | None) -> ScenarioError:
        """A sentence about this file; about its first line if no other is to blame."""
        return ScenarioError(message, file=self.file, line=line or 1)

    def option_error(self, message: str, path: OptionPath) -> ScenarioError:
        """A sentence about an option, with the place that says it."""
        file, line = self.place_of(path)
        return ScenarioError(message, file=file, line=line)

    def place_of(self, path: OptionPath) -> tuple[str, int]:
        """File and line that say an option, or the nearest thing around it."""
        lender = self.lent.get(str(path[0])) if path else None
        if lender is not None:
            file, line_of = lender
            return file, line_of(path)
        return self.file, self.lines.of_option(path) or 1

    def problem_error(self, problem: OptionProblem) -> ScenarioError:
        """A problem of the options with its line: of this file's code that is to blame, if any."""
        for file, line in reversed(problem.places):
            if file == self.file:
                return self.error(str(problem), line)
        return self.option_error(str(problem), problem.path)


def load_scenario_file(path: Path, env: Mapping[str, str]) -> ScenarioFile:
    """Import a scenario file; `env` is what `atlas_perf.env` gives it over the process's own.

    Raises:
        ScenarioError: if it cannot be read, compiled or imported, or a function of its lifecycle
            is missing or cannot be called.
    """
    file = str(path)
    source = _read(path)
    code = compile_scenario(source, file)
    lines = SourceLines(ast.parse(source, file))
    with collecting_metrics() as metrics, collecting_feeds() as feeds:
        module = import_scenario(code, path, env)
    functions, unusable = _iteration_functions(module)
    scenario_file = ScenarioFile(
        name=path.stem,
        file=file,
        sha256=hashlib.sha256(source).hexdigest(),
        options=_options(module, file, lines),
        setup=_hook("setup", SETUP, module, file, lines),
        teardown=_hook("teardown", TEARDOWN, module, file, lines),
        functions=functions,
        metrics=tuple(metrics.values()),
        feeds=tuple(feeds),
        unusable=unusable,
        lines=lines,
        names=vars(module),
    )
    # With scenarios, each names its function and `build_plan` looks it up.
    if DEFAULT_FUNCTION in unusable or "scenarios" not in scenario_file.options:
        scenario_file.call_default()
    return scenario_file


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", file=str(path)) from error


def _options(module: ModuleType, file: str, lines: SourceLines) -> Mapping[str, object]:
    options = getattr(module, OPTIONS_NAME, {})
    if not isinstance(options, Mapping):
        message = f"`options` must be a dict, not {type(options).__name__}"
        raise ScenarioError(message, file=file, line=lines.of_option(()))
    return options


def _hook(
    name: str, role: Role, module: ModuleType, file: str, lines: SourceLines
) -> ScenarioFunction | None:
    function = getattr(module, name, None)
    if function is None:
        return None
    try:
        return adapt(name, function, role)
    except UnusableFunction as reason:
        raise ScenarioError(str(reason), file=file, line=lines.of_name(name)) from None


def _iteration_functions(
    module: ModuleType,
) -> tuple[Mapping[str, ScenarioFunction], Mapping[str, str]]:
    """Every public function that could be an iteration, and why each other one could not."""
    usable: dict[str, ScenarioFunction] = {}
    unusable: dict[str, str] = {}
    for name, value in vars(module).items():
        if name.startswith("_") or name in _HOOKS:
            continue
        if not callable(value) and name != DEFAULT_FUNCTION:
            continue
        try:
            usable[name] = adapt(name, value, ITERATION)
        except UnusableFunction as reason:
            unusable[name] = str(reason)
    return usable, unusable
