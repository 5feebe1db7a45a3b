"""The files of one kept run, as bytes. The same run gives the same bytes, wherever it is kept.

    20261123T140512Z-api-v1.4-1f3c9a2b/
        kept.json           what is said of the run: label and commit
        summary.json        its summary, made small
        sketches.msgpack    its distributions and shares, as they were
        main.20261124T080000Z.promoted
                            `main` stands for this run since then; there may be several, or none

A folder is written once. A promotion adds a file and changes none, so that two branches that keep
and promote runs can always be merged.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from atlas_perf.errors import RunInvalidError
from atlas_perf.history.compact import compact_summary
from atlas_perf.model.summary import Summary
from atlas_perf.report.results_folder import SKETCHES_FILE, SUMMARY_FILE
from atlas_perf.report.run_files import RunFiles
from atlas_perf.report.summary_json import summary_to_plain
from atlas_perf.wire.run_sketches_codec import encode_run_sketches

KEPT_FILE = "kept.json"
FORMAT_VERSION = "1.0"
PROMOTED_SUFFIX = ".promoted"

MOST_LABEL = 100

_STAMP = "%Y%m%dT%H%M%SZ"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_IN_ID = 40
_COMMIT_IN_ID = 12
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_PROMOTED = re.compile(
    rf"(?P<name>{_NAME.pattern})\.(?P<stamp>\d{{8}}T\d{{6}}Z){re.escape(PROMOTED_SUFFIX)}"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a run when it is kept."""

    label: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Promotion:
    name: str
    at: datetime  # to the second

    @property
    def file_name(self) -> str:
        return f"{self.name}.{stamp(self.at)}{PROMOTED_SUFFIX}"


def is_name(text: str) -> bool:
    """True for what a run can be promoted as."""
    return _NAME.fullmatch(text) is not None


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_STAMP)


def promotion_of(file_name: str) -> Promotion | None:
    """Read the name of a promotion's file; None if it is none."""
    match = _PROMOTED.fullmatch(file_name)
    try:
        at = datetime.strptime(match["stamp"], _STAMP).replace(tzinfo=UTC) if match else None
    except ValueError:  # no such day
        at = None
    return None if match is None or at is None else Promotion(match["name"], at)


def files_of(run: RunFiles, said: Said) -> dict[str, bytes]:
    """Every file of a kept run by its name."""
    return {
        KEPT_FILE: _json({"format": FORMAT_VERSION, "label": said.label, "commit": said.commit}),
        SUMMARY_FILE: _json(summary_to_plain(compact_summary(run.summary))),
        SKETCHES_FILE: encode_run_sketches(run.sketches),
    }


def id_of(summary: Summary, files: dict[str, bytes], said: Said) -> str:
    """The name of the folder. It depends on the run and on what is said of it, and on no other."""
    digest = hashlib.sha256(files[SUMMARY_FILE] + files[SKETCHES_FILE]).hexdigest()[:8]
    build = said.label or said.commit[:_COMMIT_IN_ID]
    parts = (stamp(started(summary)), _safe(summary.name) or "run", _safe(build), digest)
    return "-".join(part for part in parts if part)


def digest_of(kept_id: str) -> str:
    """What tells a run by its content, whatever it was labelled."""
    return kept_id.rpartition("-")[2]


def started(summary: Summary) -> datetime:
    """When the run began.

    Raises:
        RunInvalidError: the summary does not say.
    """
    try:
        at = datetime.fromisoformat(summary.started_at)
    except ValueError:
        raise RunInvalidError(
            f"the run of {summary.name} does not say when it began: started_at is "
            f"{summary.started_at!r}"
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def said_of(data: bytes) -> Said:
    """Read a `kept.json`.

    Raises:
        ValueError: as a clause, if it is none.
    """
    try:
        plain: Any = json.loads(data)
    except ValueError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    version = plain.get("format") if isinstance(plain, dict) else None
    if not isinstance(version, str):
        raise ValueError("it has no format")
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise ValueError(
            f"it is of format {version}, and this atlas-perf reads {FORMAT_VERSION}: upgrade "
            "atlas-perf"
        )
    label, commit = plain.get("label", ""), plain.get("commit", "")
    if not isinstance(label, str) or not isinstance(commit, str):
        raise ValueError("label and commit should be texts")
    return Said(label, commit)


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text)[:_MOST_IN_ID].strip("-.")


def _json(plain: object) -> bytes:
    # A name that the locale cannot read is in JSON as the escape of its bytes.
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode(errors="backslashreplace")
