"""Which line of a scenario file says what: of the options' literal and of module-level names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from atlas_perf.loader.problem import OptionPath

OPTIONS_NAME = "options"
_BLOCKS = (ast.stmt, ast.excepthandler, ast.match_case)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class _Binding:
    line: int
    value: ast.expr | None  # None: an import, a definition


class SourceLines:
    """A scenario file's syntax tree, asked for lines.

    Options are followed as they are written: through nested dicts and lists, `dict(...)` calls,
    `**` and `|`, and names bound at module level. Where a value is computed, the line is that of
    the innermost part that is written down.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._bindings = dict(_bindings(tree))

    def of_name(self, name: str) -> int | None:
        """The line that binds a module-level name: its definition, assignment or import."""
        binding = self._bindings.get(name)
        return None if binding is None else binding.line

    def of_option(self, path: OptionPath) -> int | None:
        """The line of an option, or of the nearest thing around it; None without `options`."""
        binding = self._bindings.get(OPTIONS_NAME)
        if binding is None:
            return None
        line, node = binding.line, binding.value
        for step in path:
            found = self._step(node, step, frozenset({OPTIONS_NAME}))
            if found is None:
                break
            line, node = found
        return line

    def _step(
        self, node: ast.expr | None, step: str | int, seen: frozenset[str]
    ) -> tuple[int, ast.expr] | None:
        """One key or index inwards; `seen` ends names that are bound to themselves."""
        match node:
            case ast.Name(id=name) if name not in seen and name in self._bindings:
                return self._step(self._bindings[name].value, step, seen | {name})
            case ast.Dict(keys=keys, values=values):
                return self._entry(list(zip(keys, values, strict=True)), step, seen)
            case ast.Call(func=ast.Name(id="dict"), args=arguments, keywords=keywords):
                unpacked: list[tuple[ast.expr | None, ast.expr]] = [
                    (None, arg) for arg in arguments
                ]
                named = [(_key_of(keyword), keyword.value) for keyword in keywords]
                return self._entry(unpacked + named, step, seen)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._step(right, step, seen) or self._step(left, step, seen)
            case ast.List(elts=items) | ast.Tuple(elts=items) if isinstance(step, int):
                up_to = items[: step + 1]
                if step < len(items) and not any(isinstance(item, ast.Starred) for item in up_to):
                    return items[step].lineno, items[step]
        return None

    def _entry(
        self,
        entries: list[tuple[ast.expr | None, ast.expr]],
        step: str | int,
        seen: frozenset[str],
    ) -> tuple[int, ast.expr] | None:
        for key, value in reversed(entries):  # the last of equal keys is the one that counts
            if key is None:
                found = self._step(value, step, seen)
                if found is not None:
                    return found
            elif isinstance(key, ast.Constant) and key.value == step:
                return key.lineno, value
        return None


def _key_of(keyword: ast.keyword) -> ast.expr | None:
    if keyword.arg is None:
        return None
    return ast.Constant(keyword.arg, lineno=keyword.lineno, col_offset=keyword.col_offset)


def _bindings(tree: ast.Module) -> Iterator[tuple[str, _Binding]]:
    for statement in _module_level(tree):
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, _Binding(statement.lineno, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=annotated) if annotated is not None:
                yield name, _Binding(statement.lineno, annotated)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield statement.name, _Binding(statement.lineno, None)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    bound = alias.asname or alias.name.partition(".")[0]
                    yield bound, _Binding(alias.lineno, None)


def _module_level(node: ast.AST) -> Iterator[ast.stmt]:
    """Every statement that runs when the module is imported, nested blocks included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        if isinstance(child, _BLOCKS) and not isinstance(child, _SCOPES):
            yield from _module_level(child)
