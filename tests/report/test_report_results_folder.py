"""The results folder: refused early, never stale, never silently incomplete."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sample_summary import sample_summary

from atlas_perf.errors import ExitCode, PlanError
from atlas_perf.judge.withdrawn import withdrawn
from atlas_perf.model.run_sketches import KeptRate, RunSketches
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.console import render_console
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.k6_export import k6_summary_export
from atlas_perf.report.results_folder import CONSOLE_FILE, REPORT_FILE, ResultsFolder
from atlas_perf.report.run_files import read_run
from atlas_perf.report.summary_json import summary_from_json
from atlas_perf.wire.run_sketches_codec import decode_run_sketches

SKETCHES = RunSketches("", (1,), rates=(KeptRate("checks", ((3, 4),)),))
STARTED = datetime(2026, 11, 23, 15, 5, 12, tzinfo=timezone(timedelta(hours=1)))


@pytest.fixture
def folder(tmp_path) -> ResultsFolder:
    return ResultsFolder.create(tmp_path / "results", "api", STARTED)


def pending():
    return dataclasses.replace(
        sample_summary(), verdict=Verdict.INVALID, reasons=("The run has not finished.",)
    )


def read(folder: ResultsFolder):
    return summary_from_json((folder.path / "summary.json").read_text(encoding="utf-8"))


def names(folder: ResultsFolder) -> list[str]:
    return sorted(path.name for path in folder.path.iterdir())


def test_the_folder_is_named_by_utc_time_and_scenario_and_empty(folder):
    assert folder.path.name == "20261123T140512Z-api"
    assert names(folder) == []


def test_two_runs_of_one_second_have_a_folder_each(tmp_path):
    paths = {ResultsFolder.create(tmp_path, "api", STARTED).path.name for _ in range(3)}
    assert paths == {f"20261123T140512Z-api{suffix}" for suffix in ("", "-2", "-3")}


@pytest.mark.parametrize(
    ("name", "folder_name"),
    [("../../etc", "etc"), ("my api", "my-api"), ("…", "run"), ("a/b", "a-b")],
)
def test_a_name_cannot_leave_the_base(tmp_path, name, folder_name):
    path = ResultsFolder.create(tmp_path, name, STARTED).path
    assert path.parent == tmp_path
    assert path.name == f"20261123T140512Z-{folder_name}"


FILES = [
    "console.txt",
    "gl-code-quality-report.json",
    "junit.xml",
    "load-performance.json",
    "metrics.txt",
    "report.html",
    "sketches.msgpack",
    "summary.json",
    "summary.md",
]


def test_a_finished_run_has_its_files(folder):
    folder.write_pending(pending())
    folder.write(sample_summary(), SKETCHES)
    assert names(folder) == FILES
    assert read(folder) == sample_summary()
    export = json.loads((folder.path / "load-performance.json").read_text(encoding="utf-8"))
    assert export == k6_summary_export(sample_summary())
    console = (folder.path / "console.txt").read_text(encoding="utf-8")
    assert console == render_console(sample_summary(), colour=False, width=100)
    assert decode_run_sketches((folder.path / "sketches.msgpack").read_bytes()) == SKETCHES


def test_until_the_run_ends_its_summary_says_that_it_has_not(folder):
    folder.write_pending(pending())
    assert read(folder).verdict is Verdict.INVALID
    assert names(folder) == ["summary.json"]


def test_a_base_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(PlanError, match=r"results cannot be written to .*taken"):
        ResultsFolder.create(tmp_path / "taken", "api", STARTED)


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    def denied(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "mkdir", denied)  # root may write anywhere, so it has to be acted
    with pytest.raises(PlanError, match="Permission denied; name another folder"):
        ResultsFolder.create(tmp_path, "api", STARTED)


def full_disk(monkeypatch, when=lambda: True) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if when():
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_disk_full_from_the_start_is_refused_before_any_load(tmp_path, monkeypatch):
    full_disk(monkeypatch)
    with pytest.raises(PlanError, match="No space left on device") as refused:
        ResultsFolder.create(tmp_path, "api", STARTED)
    assert refused.value.exit_code == ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


def test_a_disk_full_before_the_load_is_refused(folder, monkeypatch):
    full_disk(monkeypatch)
    with pytest.raises(PlanError, match=r"summary\.json: No space left on device"):
        folder.write_pending(pending())
    assert not folder.path.exists()


@pytest.mark.parametrize(
    ("works", "file_name"),
    [
        (0, "sketches.msgpack"),
        (1, "report.html"),
        (2, "console.txt"),
        (3, "load-performance.json"),
        (8, "summary.json"),
    ],
)
def test_a_disk_full_at_the_end_is_an_error_and_leaves_no_verdict_behind(
    folder, monkeypatch, works, file_name
):
    folder.write_pending(pending())
    calls = iter(range(10))
    full_disk(monkeypatch, when=lambda: next(calls) >= works)
    with pytest.raises(ResultsWriteError, match=f"{file_name}: No space left") as failed:
        folder.write(sample_summary(), SKETCHES)
    assert failed.value.exit_code == ExitCode.INVALID
    assert read(folder).verdict is Verdict.INVALID
    assert names(folder) == ["summary.json"]  # nothing beside it claims what it denies


def test_of_a_run_that_does_not_fit_what_fits_is_kept_and_claims_no_verdict(folder, monkeypatch):
    folder.write_pending(pending())
    room_bytes = 60_000  # of which the report alone takes more
    real = os.fsync

    def fsync(descriptor: int) -> None:
        others = sum(file.stat().st_size for file in folder.path.iterdir())
        if others > room_bytes:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(ResultsWriteError) as failed:
        folder.write(sample_summary(), SKETCHES)
    folder.keep_what_fits(withdrawn(sample_summary(), str(failed.value)), SKETCHES)
    kept = read(folder)
    assert kept.verdict is Verdict.INVALID
    assert kept.windows == sample_summary().windows
    assert read_run(folder.path).sketches == SKETCHES
    assert REPORT_FILE not in names(folder)
    assert "INVALID" in (folder.path / CONSOLE_FILE).read_text()
    assert not [name for name in names(folder) if name.startswith(".")]


def test_a_really_full_device_is_an_error(folder, monkeypatch):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    real = os.fdopen

    def fdopen(descriptor: int, *args, **kwargs):
        os.dup2(full, descriptor)
        return real(descriptor, *args, **kwargs)

    full = os.open("/dev/full", os.O_WRONLY)
    try:
        monkeypatch.setattr(os, "fdopen", fdopen)
        with pytest.raises(ResultsWriteError, match="No space left"):
            folder.write(sample_summary(), SKETCHES)
    finally:
        os.close(full)


def test_a_reader_sees_the_old_file_or_the_new_one_whole(folder, monkeypatch):
    folder.write_pending(pending())
    seen = []
    real = Path.replace

    def replace(self, target):
        seen.append((Path(target).name, read(folder).verdict))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    folder.write(sample_summary(), SKETCHES)
    assert seen[-1] == ("summary.json", Verdict.INVALID)
    assert read(folder).verdict is Verdict.FAIL


def test_the_stamp_is_utc_whatever_the_zone(tmp_path):
    there = ResultsFolder.create(tmp_path, "a", STARTED).path.name
    here = ResultsFolder.create(tmp_path, "b", STARTED.astimezone(UTC)).path.name
    assert there[:16] == here[:16]
