"""Runs that were kept for later: what is said of each, apart from its results."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.model.verdict import Verdict

HISTORY_SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class KeptRun:
    """One run of a store."""

    id: str  # name of its folder: start, scenario, label or commit, and digest of its content
    scenario: str
    started_at: str  # of the run, RFC 3339
    verdict: Verdict
    label: str  # "" where none was given
    commit: str  # "" where none is known
    fingerprint: str  # runs of one fingerprint were made alike: load, generator and machine
    promoted_as: tuple[str, ...]  # names that stand for it now
    was_promoted: tuple[str, ...]  # names that stood for it until another run took them
    size_bytes: int  # of its files
    path: str  # of its folder, as the store was named

    @property
    def build(self) -> str:
        """What was tested, as far as it is known: its label, or the beginning of its commit."""
        return self.label or self.commit[:12]


@dataclass(frozen=True, slots=True)
class History:
    """Every kept run of a store, oldest first."""

    store: str
    runs: tuple[KeptRun, ...]
    unreadable: tuple[str, ...]  # what is there and cannot be read, a sentence each
    schema_version: str = HISTORY_SCHEMA_VERSION
