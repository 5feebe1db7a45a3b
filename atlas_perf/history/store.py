"""A folder of kept runs, meant for a repository: one folder each, and nothing that lists them.

Runs are added under names of their own and are never rewritten; a run appears, and goes, in one
step. What a reader finds beside them is passed over.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from atlas_perf.errors import AtlasPerfError, RunInvalidError
from atlas_perf.history.errors import NoKeptRunError, StoreWriteError
from atlas_perf.history.kept_files import (
    KEPT_FILE,
    Promotion,
    Said,
    digest_of,
    files_of,
    id_of,
    promotion_of,
    said_of,
    started,
)
from atlas_perf.judge.comparison.likeness import fingerprint
from atlas_perf.model.kept_run import KeptRun
from atlas_perf.report.run_files import RunFiles, read_run

DEFAULT_STORE = Path(".atlas-perf/history")

_COMING, _GOING = ".coming-", ".going-"
_FOR_GIT = {
    ".gitattributes": b"# The bytes of kept runs stay as they are.\n* -text\n*.msgpack binary\n",
    ".gitignore": f"# Left behind by a command that was killed.\n{_COMING}*\n{_GOING}*\n".encode(),
}
_SHORTEST_COMMIT = 7


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept run with everything that was kept of it."""

    kept: KeptRun
    files: RunFiles
    started: datetime
    promotions: tuple[Promotion, ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store holds, oldest run first."""

    entries: tuple[Entry, ...] = ()
    unreadable: tuple[str, ...] = ()  # a sentence each

    def named(self, wanted: str, scenario: str | None = None) -> Entry:
        """The run that a name stands for, or whose id begins like this, or of this build.

        Args:
            scenario: of one name in several scenarios, whose run is meant.

        Raises:
            NoKeptRunError: there is none, or more than one.
        """
        for found in self._ways_to_name(wanted):
            own = [one for one in found if scenario in (None, one.kept.scenario)]
            if len(own) == 1 or (len({one.kept.id for one in own}) == 1 and own):
                return own[0]
            if own:
                names = ", ".join(one.kept.id for one in own)
                raise NoKeptRunError(f"{wanted!r} is more than one kept run: {names}; name one")
            if found:
                others = ", ".join(sorted({one.kept.scenario for one in found}))
                raise NoKeptRunError(
                    f"{wanted!r} is a kept run of {others}, and none of {scenario}"
                )
        raise NoKeptRunError(f"there is no kept run {wanted!r}{self._there_are()}")

    def _ways_to_name(self, wanted: str) -> Iterator[list[Entry]]:
        yield [one for one in self.entries if wanted in one.kept.promoted_as]
        yield [one for one in self.entries if one.kept.id == wanted]
        yield [one for one in self.entries if wanted and one.kept.id.startswith(wanted)]
        yield [one for one in self.entries if wanted and wanted == one.kept.label]
        if len(wanted) >= _SHORTEST_COMMIT:
            yield [one for one in self.entries if one.kept.commit.startswith(wanted)]

    def _there_are(self) -> str:
        if not self.entries:
            return ": the store is empty; keep one with 'atlas-perf baseline save RESULTS'"
        names = sorted({name for one in self.entries for name in one.kept.promoted_as})
        promoted = f"; names in use: {', '.join(names)}" if names else "; none was promoted"
        return f" among {len(self.entries)}{promoted} (see 'atlas-perf baseline list')"


class Store:
    """The kept runs below one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def contents(self) -> Contents:
        """Everything that can be read, and what cannot. A store that is not there is empty.

        Raises:
            RunInvalidError: the folder cannot be looked into.
        """
        entries, unreadable = [], []
        for folder in self._folders():
            try:
                entries.append(_entry(folder))
            except AtlasPerfError as error:
                unreadable.append(str(error))
        entries.sort(key=lambda one: (one.started, one.kept.id))
        return Contents(_with_names(entries), tuple(unreadable))

    def keep(self, run: RunFiles, said: Said) -> tuple[Entry, bool]:
        """Keep a run; the same one is kept once, under what was said of it first.

        Returns:
            the kept run, and False if it was there already.

        Raises:
            StoreWriteError: naming the folder.
            RunInvalidError: the run does not say when it began.
        """
        files = files_of(run, said)
        name = id_of(run.summary, files, said)
        for folder in self._folders():
            if digest_of(folder.name) == digest_of(name):
                return _entry(folder), False
        with _told(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            for file_name, content in _FOR_GIT.items():
                if not (self.path / file_name).exists():
                    _write(self.path / file_name, content)
            self._put(name, files)
        return _entry(self.path / name), True

    def promote(self, entry: Entry, name: str, at: datetime) -> bool:
        """Let a name stand for a run from now on, until another run takes it.

        Args:
            at: now; a clock that is behind the last promotion does not undo this one.

        Returns:
            False if it does already.

        Raises:
            StoreWriteError: naming the file.
        """
        entries = [
            one for one in self.contents().entries if one.kept.scenario == entry.kept.scenario
        ]
        if any(name in one.kept.promoted_as for one in entries if one.kept.id == entry.kept.id):
            return False
        for promotion in (each for one in entries for each in one.promotions):
            if promotion.name == name:
                at = max(at, promotion.at + timedelta(seconds=1))
        file = Path(entry.kept.path) / Promotion(name, at).file_name
        with _told(file):
            _write(file, f"{name}\n".encode())
        return True

    def remove(self, entry: Entry) -> None:
        """Take a run out, in one step.

        Raises:
            StoreWriteError: naming the folder.
        """
        folder = Path(entry.kept.path)
        with _told(folder):
            going = Path(tempfile.mkdtemp(prefix=_GOING, dir=self.path))
            folder.rename(going / folder.name)
            shutil.rmtree(going)

    def _folders(self) -> list[Path]:
        try:
            return sorted(
                folder
                for folder in self.path.iterdir()
                if not folder.name.startswith(".") and (folder / KEPT_FILE).exists()
            )
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunInvalidError(f"{self.path}: {error.strerror or error}") from None

    def _put(self, name: str, files: dict[str, bytes]) -> None:
        """A folder that is there with all its files, or not at all."""
        coming = Path(tempfile.mkdtemp(prefix=_COMING, dir=self.path))
        try:
            for file_name, content in files.items():
                _write(coming / file_name, content)
            coming.chmod(0o755)
            try:
                coming.rename(self.path / name)
            except OSError:
                if not (self.path / name).is_dir():
                    raise
                shutil.rmtree(coming)  # another process was faster, with the same run
        except BaseException:
            with suppress(OSError):
                shutil.rmtree(coming)
            raise


def _entry(folder: Path) -> Entry:
    files = read_run(folder)
    began = started(files.summary)
    try:
        said = said_of((folder / KEPT_FILE).read_bytes())
        found = sorted(folder.iterdir())
        size_bytes = sum(file.stat().st_size for file in found)
    except OSError as error:
        raise RunInvalidError(f"{folder / KEPT_FILE}: {error.strerror or error}") from None
    except ValueError as error:
        raise RunInvalidError(f"{folder / KEPT_FILE}: {error}") from None
    promotions = [one for one in (promotion_of(file.name) for file in found) if one is not None]
    kept = KeptRun(
        id=folder.name,
        scenario=files.summary.name,
        started_at=files.summary.started_at,
        verdict=files.summary.verdict,
        label=said.label,
        commit=said.commit,
        fingerprint=fingerprint(files.summary, files.sketches),
        promoted_as=(),
        was_promoted=tuple(sorted({one.name for one in promotions})),
        size_bytes=size_bytes,
        path=str(folder),
    )
    return Entry(kept, files, began, tuple(promotions))


def _with_names(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Of each scenario a name stands for the run that was promoted last."""
    holders: dict[tuple[str, str], tuple[datetime, str]] = {}
    for entry in entries:
        for one in entry.promotions:
            key, mine = (entry.kept.scenario, one.name), (one.at, entry.kept.id)
            holders[key] = max(holders.get(key, mine), mine)
    return tuple(replace(entry, kept=_named(entry.kept, holders)) for entry in entries)


def _named(kept: KeptRun, holders: dict[tuple[str, str], tuple[datetime, str]]) -> KeptRun:
    held = [name for name in kept.was_promoted if holders[kept.scenario, name][1] == kept.id]
    lost = [name for name in kept.was_promoted if name not in held]
    return replace(kept, promoted_as=tuple(held), was_promoted=tuple(lost))


def _write(file: Path, content: bytes) -> None:
    """A durable file that is there whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as open_file:
            open_file.write(content)
            open_file.flush()
            os.fsync(open_file.fileno())
            os.fchmod(open_file.fileno(), 0o644)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreWriteError(
            f"{place} cannot be written: {error.strerror or error}; another folder can be named "
            "with --store"
        ) from None
