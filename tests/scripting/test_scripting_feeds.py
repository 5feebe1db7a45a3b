"""Feeds outside of a run: what scenario code and its unit tests see of them."""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path

import pytest

from atlas_perf import FeedExhausted, feed
from atlas_perf.errors import UsageError
from atlas_perf.testing import fake_virtual_user


async def rows_of(rows, vu, iterations: int) -> list[object]:
    taken = []
    for _ in range(iterations):
        taken.append(await rows.row(vu))
        vu.begin_iteration()
    return taken


def test_a_row_stays_through_its_iteration_and_the_next_has_another() -> None:
    users = feed(["ann", "bob"])

    async def twice(vu) -> tuple[str, str]:
        return await users.row(vu), await users.row(vu)

    with fake_virtual_user() as vu:
        first = asyncio.run(twice(vu))
        vu.begin_iteration()
        second = asyncio.run(twice(vu))
    assert (first, second) == (("ann", "ann"), ("bob", "bob"))


def test_a_row_per_user_stays_and_one_per_call_does_not() -> None:
    mine, words = feed(["a", "b"], per="vu"), feed(["x", "y"], per="call")
    with fake_virtual_user() as vu:
        assert asyncio.run(rows_of(mine, vu, 3)) == ["a", "a", "a"]
        assert asyncio.run(rows_of(words, vu, 2)) == ["x", "y"]


def test_a_row_is_the_same_for_tasks_of_one_iteration() -> None:
    users = feed(["ann", "bob"])

    async def together(vu) -> list[str]:
        return await asyncio.gather(users.row(vu), users.row(vu))

    with fake_virtual_user() as vu:
        assert asyncio.run(together(vu)) == ["ann", "ann"]


@pytest.mark.parametrize("on_exhausted", ["stop", "fail", None])
def test_a_unique_feed_ends(on_exhausted) -> None:
    users = feed(["ann"], on_exhausted=on_exhausted, name="people")
    with fake_virtual_user() as vu:
        assert asyncio.run(rows_of(users, vu, 1)) == ["ann"]
        with pytest.raises(FeedExhausted, match="people has given all of its 1 rows"):
            asyncio.run(users.row(vu))


@pytest.mark.parametrize("rules", [{"mode": "circular"}, {"on_exhausted": "recycle"}])
def test_others_begin_again(rules) -> None:
    users = feed(["ann", "bob"], **rules)
    with fake_virtual_user() as vu:
        assert asyncio.run(rows_of(users, vu, 5)) == ["ann", "bob", "ann", "bob", "ann"]


def test_random_rows_are_those_of_the_seed() -> None:
    numbers = feed(range(1000), mode="random")
    drawn = []
    for seed in (7, 7, 8):
        with fake_virtual_user(seed=seed) as vu:
            drawn.append(asyncio.run(rows_of(numbers, vu, 20)))
    assert drawn[0] == drawn[1] != drawn[2]


def test_each_unit_test_begins_with_the_first_row() -> None:
    users = feed(["ann", "bob"])
    for _ in range(3):
        with fake_virtual_user() as vu:
            assert asyncio.run(users.row(vu)) == "ann"


def test_all_rows_are_seen_without_taking_one(tmp_path: Path) -> None:
    file = tmp_path / "users.csv"
    file.write_text("name\nann\nbob\n")
    users = feed(file)
    assert len(users) == 2
    assert [row["name"] for row in users] == ["ann", "bob"]
    assert [row["name"] for row in users] == ["ann", "bob"]
    assert repr(users) == f"feed('{file}')"


def test_setup_has_no_row_of_its_own() -> None:
    users = feed(["ann"])
    with fake_virtual_user() as vu:
        vu.id = 0
        with pytest.raises(UsageError, match="setup and teardown"):
            asyncio.run(users.row(vu))


def test_a_file_is_found_beside_the_one_that_names_it(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "users.jsonl").write_text('{"name": "ann"}\n')
    (tmp_path / "shop_feeds.py").write_text(
        "from atlas_perf import feed\nusers = feed('data/users.jsonl')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir("/")
    try:
        module = importlib.import_module("shop_feeds")
    finally:
        sys.modules.pop("shop_feeds", None)
    assert list(module.users) == [{"name": "ann"}]
    assert module.users.plan.name == "data/users.jsonl"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mode": "uniqe"}, 'mode is "unique", "circular" or "random", not \'uniqe\''),
        ({"per": "user"}, 'per is "iteration", "vu" or "call"'),
        ({"on_exhausted": "die"}, 'on_exhausted is "stop", "fail" or "recycle"'),
        ({"mode": "random", "on_exhausted": "stop"}, "a random feed never runs out"),
        ({"delimiter": ";"}, "for CSV files only"),
        ({"source": []}, "has no rows"),
        ({"source": {"a": 1}}, "a file's path or a list, not dict"),
        ({"source": b"ann"}, "not bytes"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments, words) -> None:
    with pytest.raises(UsageError) as refused:
        feed(**{"source": ["ann"], **arguments})
    assert words in str(refused.value)


def test_a_feed_is_not_made_by_an_iteration() -> None:
    with fake_virtual_user(), pytest.raises(UsageError, match="module level"):
        feed(["ann"])
