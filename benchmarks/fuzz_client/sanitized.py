"""atlas-perf once more, its compiled parts under the address and undefined-behaviour sanitizers."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
COPIED = ("atlas_perf", "scenarios", "csrc", "benchmarks", "tests/http_parser")
FILES = ("setup.py", "pyproject.toml", "README.md")
FLAGS = (
    "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O0 -g1"
)


class NoSanitizersError(Exception):
    """The compiler at hand has none, or its runtime cannot be found."""


def runtime() -> str:
    """The shared library that must be loaded before anything else.

    Raises:
        NoSanitizersError: if there is none.
    """
    compiler = shlex.split(os.environ.get("CC", "cc"))
    try:
        asked = subprocess.run(
            [*compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoSanitizersError(f"{compiler[0]} does not run") from error
    path = asked.stdout.strip()
    if not Path(path).is_absolute():
        raise NoSanitizersError(f"{compiler[0]} has no libasan.so")
    return str(Path(path).resolve())


def build(folder: Path) -> None:
    """A copy of the checkout in `folder`, compiled there; only what has changed, the next time."""
    for name in COPIED:
        _copy(CHECKOUT / name, folder / name)
    for name in FILES:
        _copy_file(CHECKOUT / name, folder / name)
    (folder / "tests" / "__init__.py").unlink(missing_ok=True)
    environment = {
        **os.environ,
        "CFLAGS": FLAGS,
        "LDFLAGS": "-fsanitize=address,undefined",
    }
    built = subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise NoSanitizersError(f"the sanitized build failed:\n{built.stdout}{built.stderr}")


def environment() -> dict[str, str]:
    """For a Python that is to import what was built; leaks are the interpreter's own."""
    return {
        **os.environ,
        "LD_PRELOAD": runtime(),
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONSAFEPATH": "",
    }


def _copy(source: Path, target: Path) -> None:
    for file in source.rglob("*"):
        if file.is_file() and file.suffix in {".py", ".pyx", ".pxd", ".c", ".h", ".toml", ".json"}:
            generated = file.suffix == ".c" and file.with_suffix(".pyx").exists()
            if not generated:
                _copy_file(file, target / file.relative_to(source))


def _copy_file(source: Path, target: Path) -> None:
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
