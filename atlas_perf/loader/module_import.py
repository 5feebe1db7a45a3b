"""Importing a scenario file: its own source, under a name of its own, siblings importable.

One scenario file is current in a process at a time. Importing the next one takes the folder of the
one before it off `sys.path` and forgets the sibling modules that it had imported, so that two files
that both say `import shapes` each get their own, and a sibling's metrics are collected every time.
"""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

from atlas_perf.errors import AtlasPerfError, ScenarioError
from atlas_perf.scripting.environment import ENVIRONMENT, MissingVariable

_numbers = itertools.count(1)


class _Current:
    """The scenario file imported last, as far as it has changed this process."""

    folder: str | None = None
    on_path: bool = False  # its folder was put on sys.path for it
    modules_before: frozenset[str] = frozenset()


def compile_scenario(source: bytes, file: str) -> CodeType:
    """Compile a scenario file.

    Raises:
        ScenarioError: with the line of a syntax error.
    """
    try:
        code: CodeType = compile(source, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise ScenarioError(_one_line(error.msg), file=file, line=error.lineno or 1) from error
    except ValueError as error:  # a null byte, before Python 3.12
        raise ScenarioError(_one_line(str(error)), file=file, line=1) from error
    return code


def import_scenario(code: CodeType, path: Path, env: Mapping[str, str]) -> ModuleType:
    """Run a compiled scenario file as a module that no other import can meet.

    Raises:
        ScenarioError: if running it raises, with the innermost line of the file that was running.
    """
    folder = str(path.resolve().parent)
    forget_current()
    _make_current(folder)
    ENVIRONMENT.replace(env)
    module = ModuleType(f"atlas_perf_scenario_{next(_numbers)}")
    module.__file__ = str(path.resolve())
    # Registered as any module is: dataclasses and pickle look their module up by name.
    sys.modules[module.__name__] = module
    try:
        with _no_bytecode():
            exec(code, module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise _import_error(error, code.co_filename, folder) from error
    return module


def forget_current() -> None:
    """Take the current file's folder off `sys.path`, and its siblings out of memory.

    Siblings imported late, by a function of the file, are forgotten like the others.
    """
    folder = _Current.folder
    if folder is None:
        return
    for name in frozenset(sys.modules) - _Current.modules_before:
        if _is_sibling(name, folder):
            del sys.modules[name]
    if _Current.on_path and folder in sys.path:
        sys.path.remove(folder)
    _Current.folder, _Current.on_path = None, False


def _make_current(folder: str) -> None:
    _Current.folder = folder
    _Current.modules_before = frozenset(sys.modules)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
        _Current.on_path = True
    importlib.invalidate_caches()


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Leave no `__pycache__` beside the user's files, where a stale one could be read later."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _is_sibling(name: str, folder: str) -> bool:
    top = name.partition(".")[0]
    if top == "atlas_perf":  # a scenario file may lie in the folder that holds our own package
        return False
    file = getattr(sys.modules[name], "__file__", None)
    if file is None:
        return False
    return Path(file) == Path(folder, f"{top}.py") or Path(file).is_relative_to(Path(folder, top))


def _import_error(error: BaseException, file: str, folder: str) -> ScenarioError:
    line = _innermost_line(error.__traceback__, file)
    if isinstance(error, SyntaxError) and error.filename and error.filename.startswith(folder):
        return ScenarioError(_one_line(error.msg), file=error.filename, line=error.lineno)
    if isinstance(error, AtlasPerfError | MissingVariable):
        return ScenarioError(str(error), file=file, line=line)
    message = _one_line(str(error))
    kind = type(error).__name__
    raised = f"{kind}: {message}" if message else kind
    return ScenarioError(f"importing the file raised {raised}", file=file, line=line)


def _innermost_line(traceback: TracebackType | None, file: str) -> int:
    line = 1
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _one_line(text: str) -> str:
    return " ".join(text.split())
