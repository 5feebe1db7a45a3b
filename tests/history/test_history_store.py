"""A store of kept runs: what comes back, what names stand for, and that nothing is rewritten."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_runs import FIRST_DAY, run, sketches, summary, window, write

from atlas_perf.history.compact import compact_summary, merged_window
from atlas_perf.history.errors import NoKeptRunError, StoreWriteError
from atlas_perf.history.kept_files import Said, files_of, id_of, promotion_of
from atlas_perf.history.pruning import superfluous
from atlas_perf.history.store import Store
from atlas_perf.model.request_sample import SampleReason
from atlas_perf.model.run_sketches import MOST_WINDOWS
from atlas_perf.model.summary import RequestSummary, Window, WorkerSeconds, WorkerSummary
from atlas_perf.report.run_files import RunFiles, read_run


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept")


REQUEST = RequestSummary(
    *(SampleReason.FAILED, "default", "steady", 1.0, "GET", "/", "http://a/", 500, "500", 1500),
    *(1.0, *[None] * 7, "", "an answer of the target"),
)
TEXTS = st.text(max_size=20)


@settings(max_examples=40, deadline=None)
@given(
    measured=st.tuples(st.floats(0, 4000), st.floats(0.01, 100), st.integers(0, 250)),
    name=TEXTS,
    said=st.builds(Said, TEXTS, TEXTS),
    seconds=st.lists(st.integers(0, 1000), max_size=20),
)
def test_what_is_kept_comes_back(tmp_path_factory, measured, name, said, seconds) -> None:
    folder = tmp_path_factory.mktemp("store")
    windows = tuple(window(second, started_arrivals=n) for second, n in enumerate(seconds))
    made = run(*measured, name=name, reasons=(name, said.label), windows=windows)
    entry, is_new = Store(folder).keep(made, said)
    (found,) = Store(folder).contents().entries
    assert is_new
    assert found.files.summary == compact_summary(made.summary)
    assert found.files.sketches == made.sketches
    assert (found.kept.label, found.kept.commit) == (said.label, said.commit)
    assert found.kept.id == entry.kept.id == Path(found.kept.path).name
    assert sum(one.started_arrivals for one in found.files.summary.windows) == sum(seconds)


def test_the_same_run_has_the_same_bytes_and_the_same_name_wherever_it_is_kept(
    tmp_path: Path,
) -> None:
    said = Said("v1.4", "1f3c9a2b" * 5)
    for name in ("one", "other"):
        Store(tmp_path / name).keep(run(3.0), said)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "other")
    (folder,) = (tmp_path / "one").glob("2*")
    assert folder.name.startswith("20260904T030000Z-api-v1.4-")
    again = read_run(folder)
    assert files_of(again, said) == files_of(run(3.0), said)  # of a kept run too
    assert id_of(again.summary, files_of(again, said), said) == folder.name


def test_a_run_is_kept_once_whatever_it_is_called(store: Store) -> None:
    first, _ = store.keep(run(), Said("v1"))
    before = files_below(store.path)
    again, is_new = store.keep(run(), Said("v2", "1f3c9a2b"))
    assert (again.kept.id, again.kept.label, is_new) == (first.kept.id, "v1", False)
    assert files_below(store.path) == before


def test_appending_and_promoting_change_no_file_that_is_there(store: Store) -> None:
    for day in range(5):
        before = files_below(store.path)
        entry, _ = store.keep(run(day), Said(f"v{day}"))
        store.promote(entry, "main", FIRST_DAY + timedelta(days=day))
        after = files_below(store.path)
        assert {name: after[name] for name in before} == before
        assert all(name.startswith(entry.kept.id) for name in set(after) - set(before)) or not day


def test_a_name_stands_for_the_run_that_was_promoted_last(store: Store) -> None:
    old, _ = store.keep(run(0), Said("v1"))
    new, _ = store.keep(run(1), Said("v2"))
    other, _ = store.keep(run(2, name="websocket"), Said("v2"))
    assert store.promote(new, "main", FIRST_DAY + timedelta(days=9))
    assert store.promote(other, "main", FIRST_DAY)
    assert not store.promote(new, "main", FIRST_DAY + timedelta(days=10))
    assert store.promote(old, "main", FIRST_DAY)  # back again, by a clock that is behind
    runs = [one.kept for one in store.contents().entries]
    assert [one.promoted_as for one in runs] == [("main",), (), ("main",)]
    assert [one.was_promoted for one in runs] == [(), ("main",), ()]


def test_a_run_is_found_by_name_id_beginning_label_and_commit(store: Store) -> None:
    commit = "1f3c9a2b" * 5
    one, _ = store.keep(run(0), Said("v1", commit))
    other, _ = store.keep(run(1), Said("v2"))
    web, _ = store.keep(run(2, name="websocket"), Said("v2"))
    store.promote(other, "main", FIRST_DAY)
    store.promote(web, "main", FIRST_DAY)
    contents = store.contents()
    for wanted in (one.kept.id, "20260901", "v1", commit, commit[:7]):
        assert contents.named(wanted).kept.id == one.kept.id
    assert contents.named("main", "api").kept.id == other.kept.id
    assert contents.named("v2", "websocket").kept.id == web.kept.id
    for wanted, words in (
        ("main", "more than one"),
        ("202609", "more than one"),
        ("v3", "there is no kept run 'v3' among 3; names in use: main"),
        ("", "there is no"),
        (commit[:6], "there is no"),
    ):
        with pytest.raises(NoKeptRunError, match=words):
            contents.named(wanted)
    with pytest.raises(NoKeptRunError, match="a kept run of api, and none of smoke"):
        contents.named("v1", "smoke")


def test_a_name_may_be_that_of_a_release(store: Store) -> None:
    entry, _ = store.keep(run(), Said())
    store.promote(entry, "v1.4", FIRST_DAY)
    store.promote(entry, "v1.4.20261101T000000Z.promoted", FIRST_DAY)
    (found,) = store.contents().entries
    assert found.kept.promoted_as == ("v1.4", "v1.4.20261101T000000Z.promoted")
    assert store.contents().named("v1.4").kept.id == entry.kept.id


def test_an_empty_store_says_how_to_fill_it(store: Store) -> None:
    assert store.contents().entries == ()
    with pytest.raises(NoKeptRunError, match="the store is empty; keep one with"):
        store.contents().named("main")


@pytest.mark.parametrize(
    ("file_name", "content", "words"),
    [
        ("kept.json", b"{", "kept.json: it is not JSON"),
        ("kept.json", b"[]", "kept.json: it has no format"),
        ("kept.json", b'{"format": "2.0"}', "of format 2.0, and this atlas-perf reads 1.0"),
        ("kept.json", b'{"format": "1.0", "label": 5}', "should be texts"),
        ("kept.json", b"\xff", "kept.json"),
        ("summary.json", b"{", "summary.json"),
        ("summary.json", None, "there is no summary.json"),
        ("sketches.msgpack", b"", "no sketches that this atlas-perf reads"),
    ],
)
def test_a_run_that_cannot_be_read_is_told_and_hides_no_other(
    store: Store, file_name: str, content: bytes | None, words: str
) -> None:
    store.keep(run(0), Said())
    torn, _ = store.keep(run(1), Said())
    file = Path(torn.kept.path) / file_name
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    contents = store.contents()
    assert len(contents.entries) == 1
    (sentence,) = contents.unreadable
    assert words in sentence


def test_what_else_is_in_the_folder_is_passed_over(store: Store) -> None:
    store.keep(run(), Said())
    (store.path / ".coming-x").mkdir()
    write(store.path / "somebodys-results", run(1))
    (store.path / "notes.txt").write_text("mine")
    assert len(store.contents().entries) == 1


@pytest.mark.parametrize(
    "file_name",
    ["main.promoted", "main.20261332T000000Z.promoted", ".20261101T000000Z.promoted", "main"],
)
def test_a_file_that_is_no_promotion_is_none(file_name: str) -> None:
    assert promotion_of(file_name) is None


def test_a_failure_to_write_leaves_nothing_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.keep(run(0), Said())
    before = files_below(store.path)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreWriteError, match="kept cannot be written: No space left on device"):
        store.keep(run(1), Said())
    with pytest.raises(StoreWriteError, match="No space left"):
        store.promote(store.contents().entries[0], "main", FIRST_DAY)
    assert files_below(store.path) == before
    assert [one.name for one in store.path.iterdir() if one.name.startswith(".coming")] == []


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("")
    with pytest.raises(Exception, match="Not a directory"):
        Store(tmp_path / "kept").keep(run(), Said())


def test_two_branches_that_keep_and_promote_runs_can_be_merged(tmp_path: Path) -> None:
    """By git, with line ends that are not ours, and without a conflict."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=e@x", *words],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    git("init", "--quiet", "--initial-branch=main")
    git("config", "core.autocrlf", "true")
    store = Store(tmp_path / ".atlas-perf/history")
    kept = {}
    git("commit", "--quiet", "--allow-empty", "--message=0")
    for day, branch in enumerate(("one", "other")):
        git("checkout", "--quiet", "-b", branch, "main")
        entry, _ = store.keep(run(day), Said(branch))
        store.promote(entry, "main", FIRST_DAY)
        kept[entry.kept.id] = entry.files
        git("add", "--all")
        git("commit", "--quiet", f"--message={branch}")
    git("merge", "--quiet", "--no-edit", "one")
    entries = store.contents().entries
    assert {one.kept.id: one.files for one in entries} == kept
    assert sum("main" in one.kept.promoted_as for one in entries) == 1
    (tmp_path / "away").mkdir()
    git("clone", "--quiet", "--config=core.autocrlf=true", ".", "away/clone")
    clone = tmp_path / "away/clone/.atlas-perf/history"
    assert files_below(clone) == files_below(store.path)


def test_every_number_of_a_window_has_a_rule_to_be_merged_by() -> None:
    one = window(0, phases=("ramp",), open_files=9, planned_arrivals=3, lag_p99_ms=1.0)
    other = window(1, length_s=3, vus=9.0, phases=("ramp", "steady"), open_files=4, requests=5)
    one = replace(one, requests_per_s=10.0, ws_sessions_open=4.0, ws_msgs_sent=7, ws_rtt_p95_ms=1.0)
    other = replace(other, requests_per_s=2.0, ws_msgs_sent=1)
    merged = merged_window([one, other])
    assert (merged.second, merged.length_s, merged.phases) == (0, 4, ("ramp", "steady"))
    assert (merged.vus, merged.requests, merged.open_files) == (8.0, 15, 9)
    assert (merged.p95_ms, merged.lag_p99_ms, merged.planned_arrivals) == (None, None, 3)
    assert merged.loop_lag_max_ms == 1.5
    assert (merged.requests_per_s, merged.ws_sessions_open) == (4.0, 1.0)
    assert (merged.ws_msgs_sent, merged.ws_rtt_p95_ms) == (8, None)
    for field in fields(Window):
        share = field.name.endswith(
            ("_share", "_share_max", "_max_ms", "_cores", "_per_s", "_open")
        )
        if share:  # not a count: never the sum
            twice = getattr(merged_window([one, one]), field.name)
            assert twice == getattr(one, field.name), field.name


def test_a_summary_is_made_small_and_says_where_nothing_lay() -> None:
    worker = WorkerSummary(0, 1, (), None, 0.1, 1.0, 1, 0, 0, seconds=WorkerSeconds(second=(1, 2)))
    place = {"expression": "p(95)<5", "place": "/somewhere/secret/api.py:7"}
    made = summary(
        file="/somewhere/secret/api.py",
        plan={"file": "/somewhere/secret/api.py", "thresholds": [place]},
        windows=tuple(window(second) for second in range(600)),
        workers=(worker,),
        requests=(REQUEST,),
    )
    small = compact_summary(made)
    assert len(small.windows) == MOST_WINDOWS
    assert sum(one.requests for one in small.windows) == 6000
    assert sum(one.length_s for one in small.windows) == 600
    assert small.workers[0].seconds == WorkerSeconds()
    assert small.requests == ()  # answers of a target belong in no repository
    assert (small.file, small.plan["file"]) == ("api.py", "api.py")
    assert "somewhere" not in str(small)
    assert compact_summary(small) == small


def test_the_oldest_go_and_promoted_runs_stay(store: Store) -> None:
    for day in range(6):
        entry, _ = store.keep(run(day), Said())
        if day in (0, 1):
            store.promote(entry, "main", FIRST_DAY + timedelta(days=day))
    store.keep(run(0.5, name="smoke"), Said())
    entries, now = store.contents().entries, FIRST_DAY + timedelta(days=10)

    def going(**rule) -> list[float]:
        found = superfluous(entries, now, **rule)
        return [(one.started - FIRST_DAY) / timedelta(days=1) for one in found]

    assert going(keep=2) == [2, 3]
    assert going(keep=2, superseded=True) == [0, 2, 3]
    assert going(keep=9) == []
    assert going(older_than=timedelta(days=6.5)) == [0.5, 2, 3]
    assert going(keep=3, older_than=timedelta(days=6.5)) == [2]


def test_a_run_is_taken_out_whole(store: Store) -> None:
    entry, _ = store.keep(run(0), Said())
    store.keep(run(1), Said())
    store.remove(entry)
    assert [one.kept.id for one in store.contents().entries] != [entry.kept.id]
    assert len(list(store.path.iterdir())) == 3  # the other run, and what is for git


def test_sketches_of_urls_with_addresses_survive(store: Store) -> None:
    made = run(facts={"target": "http://10.0.0.1:80"})
    kept = sketches(trend="http_req_duration{name:/api}")
    entry, _ = store.keep(RunFiles(made.path, made.summary, kept), Said())
    assert entry.files.sketches == kept
    data = json.loads((Path(entry.kept.path) / "kept.json").read_text())
    assert data == {"format": "1.0", "label": "", "commit": ""}
    assert replace(entry.kept, promoted_as=()).build == ""
