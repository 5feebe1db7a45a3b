"""Which part of atlas-perf may import which, read from the sources without importing them."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"__main__"}),
    frozenset({"cli"}),
    frozenset({"testing", "builtin", "convert", "k6_results"}),
    frozenset({"coordinator", "history"}),
    frozenset({"worker", "judge", "report", "outputs", "preflight"}),
    frozenset({"aggregate"}),
    frozenset({"schedule", "protocols", "sketch", "wire", "loader"}),
    frozenset({"scripting"}),
    frozenset({"model"}),
    frozenset({"cgroups", "choices", "clock", "errors", "loop", "units", "url_credentials"}),
)
"""From top to bottom: a part may import what is below it, and itself, and nothing else."""

GROUND = LAYERS[-1]

PROGRAMS = frozenset({"null_server", "target"})
"""Servers that the command line starts: programs of their own, on the ground layer only."""

OWNERS: dict[str, frozenset[str]] = {
    "aiohttp": frozenset({"target"}),
    "click": frozenset({"cli"}),
    "cramjam": frozenset({"outputs"}),
    "google": frozenset({"outputs"}),
    "jinja2": frozenset({"report"}),
    "markupsafe": frozenset({"report"}),
    "msgpack": frozenset({"wire"}),
    "opentelemetry": frozenset({"outputs"}),
    "openapi_pydantic": frozenset({"convert"}),
    "orjson": frozenset({"protocols"}),
    "otava": frozenset({"history"}),
    "picows": frozenset({"protocols"}),
    "prometheus_client": frozenset({"outputs"}),
    "pyarrow": frozenset({"outputs"}),
    "pydantic": frozenset({"convert"}),
    "rich": frozenset({"cli"}),
    "uvloop": frozenset({"loop"}),
    "yaml": frozenset({"convert"}),
}
"""Third-party packages and the only parts that may know them."""

_CYTHON_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+c?import|c?import\s+([\w.]+))", re.MULTILINE)


@dataclass(frozen=True)
class Import:
    part: str  # of atlas_perf: cli, judge, units
    module: str  # what is imported, with dots
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.part} imports {self.module}"


def imports_of(source: str, file: str) -> list[Import]:
    """Every import of a .py, .pyx or .pxd file below `atlas_perf/`; `file` is relative to it."""
    part = Path(file).parts[0].removesuffix(".py")
    names = _python_imports(source) if file.endswith(".py") else _cython_imports(source)
    return [Import(part, module, file, line) for module, line in names]


def offence(found: Import) -> str | None:
    """Why an import breaks the rules; None if it does not."""
    package, _, rest = found.module.partition(".")
    if package != "atlas_perf":
        return _third_party_offence(found, package)
    target = rest.partition(".")[0]
    if target in {"", "__version__", found.part}:  # the bare package holds no code
        return None
    if target in PROGRAMS:
        return None if found.part == "cli" else f"only the command line starts {target}"
    if found.part in PROGRAMS:
        return None if target in GROUND else f"{found.part} stands on the ground layer only"
    if _rank(target) <= _rank(found.part):
        return "imports point down, never up or sideways"
    return None


def _third_party_offence(found: Import, package: str) -> str | None:
    if package in sys.stdlib_module_names or package in {"cython", "libc", "cpython"}:
        return None
    if package not in OWNERS:
        return "this package is not a dependency of atlas-perf"
    if found.part not in OWNERS[package]:
        return f"{package} belongs to {', '.join(sorted(OWNERS[package]))}"
    return None


def _rank(part: str) -> int:
    for rank, layer in enumerate(LAYERS):
        if part in layer:
            return rank
    raise LookupError(f"{part} has no place among the layers: give it one")


def _python_imports(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield ("." * node.level + (node.module or ""), node.lineno)
            elif node.module == "atlas_perf":
                yield from ((f"atlas_perf.{name.name}", node.lineno) for name in node.names)
            else:
                yield (node.module or "", node.lineno)


def _cython_imports(source: str) -> Iterator[tuple[str, int]]:
    for match in _CYTHON_IMPORT.finditer(source):
        yield match[1] or match[2], source.count("\n", 0, match.start()) + 1
