"""A revision of this repository, built in a folder and an environment of its own."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

BUILD_LIMIT_S = 900.0
_IDENTITY = ("-c", "user.name=self-gate", "-c", "user.email=self-gate@example.com")
"""Of a commit that no branch will have."""


class GateFailed(Exception):
    """Nothing could be compared; the message says why."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What is built."""

    commit: str
    named: str  # as it was asked for
    committed: bool = True  # False: the working tree, with what is not committed yet


def revision(checkout: Path, reference: str) -> Revision:
    """The commit of a tag, a branch or the like.

    Raises:
        GateFailed: there is none.
    """
    commit = _git(checkout, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    return Revision(commit.strip(), reference)


def working_tree(checkout: Path) -> Revision:
    """What is checked out, with changes of files that git knows; nothing is touched by it."""
    changed = _git(checkout, *_IDENTITY, "stash", "create").strip()
    if changed:
        return Revision(changed, "working tree", committed=False)
    return revision(checkout, "HEAD")


def last_release(checkout: Path) -> str:
    """The newest tag behind HEAD, or else the commit before it."""
    try:
        return _git(checkout, "describe", "--tags", "--abbrev=0", "HEAD^").strip()
    except GateFailed:
        return "HEAD^"


def built(checkout: Path, asked: Revision, folder: Path) -> Path:
    """The Python of an environment in which the revision is installed; made once.

    Raises:
        GateFailed: it cannot be built.
    """
    place = folder / asked.commit[:12]
    python, done = place / "venv" / "bin" / "python", place / "installed"
    if not done.exists():
        print(f"building {asked.named} ({asked.commit[:12]})", flush=True)
        export(checkout, asked.commit, place / "tree")
        _run([sys.executable, "-m", "venv", "--clear", str(place / "venv")])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, str(place / "tree")])
        done.touch()
    return python


def export(checkout: Path, commit: str, folder: Path) -> None:
    """The files of a commit, without its history."""
    archive = subprocess.run(
        ["git", "-C", str(checkout), "archive", commit], capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")


def _git(checkout: Path, *arguments: str) -> str:
    finished = subprocess.run(
        ["git", "-C", str(checkout), *arguments], capture_output=True, text=True, check=False
    )
    if finished.returncode:
        why = finished.stderr.strip() or "there is no such revision here"
        raise GateFailed(f"git {' '.join(arguments)}: {why}")
    return finished.stdout


def _run(command: list[str]) -> None:
    finished = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=BUILD_LIMIT_S
    )
    if finished.returncode:
        raise GateFailed(f"{' '.join(command)}: {(finished.stdout + finished.stderr)[-2000:]}")
