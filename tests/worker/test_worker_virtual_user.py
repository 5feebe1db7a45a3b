from __future__ import annotations

import asyncio
import random

import pytest

from atlas_perf import Counter, Gauge, Rate, Trend
from atlas_perf.testing import FakeVirtualUser, fake_virtual_user


def values(user: FakeVirtualUser, metric: str) -> list[float]:
    return [sample.value for sample in user.recorded if sample.metric == metric]


class TestCheck:
    def test_it_records_each_predicate_and_is_true_if_all_hold(self):
        with fake_virtual_user() as vu:
            assert vu.check(7, {"odd": lambda n: n % 2 == 1, "small": lambda n: n < 10})
            assert not vu.check(8, {"odd": lambda n: n % 2 == 1, "small": lambda n: n < 10})
        assert vu.checks == {"odd": [True, False], "small": [True, True]}

    def test_samples_carry_check_group_scenario_and_the_given_tags(self):
        with fake_virtual_user() as vu:
            vu.tags["kind"] = "x"
            with vu.group("outer"), vu.group("inner"):
                vu.check(1, {"one": lambda n: n == 1}, {"call": "7"})
        assert vu.recorded[0].tags == {
            "check": "one",
            "group": "::outer::inner",
            "scenario": "test",
            "kind": "x",
            "call": "7",
        }

    def test_truth_is_enough(self):
        with fake_virtual_user() as vu:
            assert vu.check("text", {"some": lambda text: text, "given": True})
            assert not vu.check("", {"some": lambda text: text})
            assert not vu.check("", {"given": False})

    def test_a_predicate_that_raises_is_a_failed_check_and_goes_on_as_it_was(self):
        with fake_virtual_user() as vu, pytest.raises(KeyError):
            vu.check({}, {"id": lambda body: body["id"], "never": lambda body: True})
        assert vu.checks == {"id": [False]}

    def test_an_asynchronous_predicate_could_only_pass_so_it_fails(self):
        async def slow(value: object) -> bool:
            return False

        with fake_virtual_user() as vu, pytest.raises(TypeError, match="'later' is asynchronous"):
            vu.check(1, {"later": slow})
        assert vu.checks == {"later": [False]}

    def test_no_predicate_records_nothing(self):
        with fake_virtual_user() as vu:
            assert vu.check(1, {})
        assert vu.recorded == []


class TestGroup:
    def test_groups_nest_and_are_timed_under_their_own_path(self):
        with fake_virtual_user() as vu, vu.group("a"):
            with vu.group("b"):
                pass
            with vu.group("c"):
                pass
        paths = [one.tags["group"] for one in vu.recorded if one.metric == "group_duration"]
        assert paths == ["::a::b", "::a::c", "::a"]
        assert all(0 <= value < 1000 for value in values(vu, "group_duration"))

    def test_outside_there_is_no_group_tag(self):
        with fake_virtual_user() as vu:
            with vu.group("a"):
                pass
            vu.check(1, {"c": True})
        assert "group" not in vu.recorded[-1].tags

    def test_a_group_that_raises_is_timed_and_one_that_is_interrupted_is_not(self):
        with fake_virtual_user() as vu:
            with pytest.raises(KeyError), vu.group("a"):
                raise KeyError
            with pytest.raises(asyncio.CancelledError), vu.group("b"):
                raise asyncio.CancelledError
        assert [one.tags["group"] for one in vu.recorded] == ["::a"]

    async def test_tasks_started_inside_belong_to_it_and_siblings_do_not_mix(self):
        async def ask(vu: FakeVirtualUser, name: str) -> None:
            with vu.group(name):
                await asyncio.sleep(0)
                vu.check(1, {name: True})

        with fake_virtual_user() as vu, vu.group("all"):
            await asyncio.gather(ask(vu, "x"), ask(vu, "y"))
        groups = {
            one.tags["check"]: one.tags["group"] for one in vu.recorded if "check" in one.tags
        }
        assert groups == {"x": "::all::x", "y": "::all::y"}

    @pytest.mark.parametrize("name", ["", "a::b"])
    def test_a_name_that_would_break_the_path_is_refused(self, name):
        refused = pytest.raises(ValueError, match="cannot name a group")
        with fake_virtual_user() as vu, refused, vu.group(name):
            pass


class TestTags:
    def test_changes_count_from_the_next_sample_on(self):
        with fake_virtual_user() as vu:
            for step in ("1", "2"):
                vu.tags["step"] = step
                vu.check(1, {"c": True})
            vu.tags.clear()
            vu.check(1, {"c": True})
        assert [one.tags.get("step") for one in vu.recorded] == ["1", "2", None]

    def test_the_later_wins(self):
        with fake_virtual_user() as vu:
            vu.tags["scenario"] = "mine"
            vu.check(1, {"c": True}, {"check": "ignored", "scenario": "call"})
        assert vu.recorded[0].tags == {"scenario": "call", "check": "c"}

    def test_numbers_become_text_as_in_k6(self):
        with fake_virtual_user() as vu:
            vu.tags["page"] = 1
            vu.tags.update({"price": 2.5}, kind="x")
            vu.tags |= {"last": True}
            vu.tags.setdefault("first", 0)
            vu.check(1, {"c": True}, {"call": 7})
            vu.tags = {"page": 3}
            vu.check(1, {"c": True})
        first, second = ({**one.tags} for one in vu.recorded)
        assert first == {
            "check": "c",
            "scenario": "test",
            "page": "1",
            "price": "2.5",
            "kind": "x",
            "last": "True",
            "first": "0",
            "call": "7",
        }
        assert second == {"check": "c", "scenario": "test", "page": "3"}

    @pytest.mark.parametrize(
        ("mistake", "words"),
        [
            (lambda vu: setattr(vu, "tags", None), "tags are a dict of names and values, not None"),
            (lambda vu: setattr(vu, "tags", {"a": None}), "'a' is text or a number, not None"),
            (lambda vu: vu.tags.__setitem__("a", []), "'a' is text or a number, not []"),
            (lambda vu: vu.tags.__setitem__(1, "a"), "the name of a tag is text, not 1"),
            (lambda vu: vu.tags.update(a=object), "'a' is text or a number"),
            (lambda vu: vu.tags.setdefault("a", None), "'a' is text or a number"),
            (lambda vu: vu.check(1, {"c": True}, {"a": None}), "'a' is text or a number"),
            (lambda vu: Counter("orders").add(1, "a"), "tags are a dict"),
        ],
    )
    def test_what_is_no_tag_is_refused_on_the_line_that_sets_it(self, mistake, words):
        with fake_virtual_user() as vu:
            vu.tags["kept"] = "x"
            with pytest.raises(TypeError) as refused:
                mistake(vu)
        assert words in str(refused.value)
        assert (vu.tags, vu.recorded) == ({"kept": "x"}, [])


class TestCustomMetrics:
    def test_they_find_their_user_and_time_is_milliseconds(self):
        with fake_virtual_user() as vu:
            Counter("orders").add(2, {"kind": "big"})
            Gauge("open").add(-3)
            Rate("ok").add(True)
            Trend("size").add(12.5)
            Trend("wait", is_time=True).add(12.5)
        assert [(one.metric, one.value) for one in vu.recorded] == [
            ("orders", 2),
            ("open", -3),
            ("ok", 1),
            ("size", 12.5),
            ("wait", 12.5),
        ]
        assert vu.recorded[0].tags == {"kind": "big", "scenario": "test"}


class TestSleepAndChance:
    async def test_sleeping_takes_no_time_in_a_unit_test(self):
        with fake_virtual_user() as vu:
            await vu.sleep(3600)
            await vu.sleep(0)
        assert vu.slept_s == [3600, 0]

    @pytest.mark.parametrize("seconds", [float("nan"), float("inf")])
    async def test_only_a_number_of_seconds_can_be_slept(self, seconds):
        with fake_virtual_user() as vu, pytest.raises(ValueError, match="cannot sleep"):
            await vu.sleep(seconds)

    def test_chance_depends_on_the_seed(self):
        draws = []
        for seed in (1, 1, 2):
            with fake_virtual_user(seed=seed) as vu:
                draws.append(vu.random.random())
        assert draws[0] == draws[1] != draws[2]

    def test_chance_is_made_when_asked_for_and_from_the_same_text_as_ever(self):
        with fake_virtual_user(seed=7) as vu:
            assert vu._random is None
            assert vu.random.random() == random.Random("7/test/1").random()
            assert vu.random is vu.random


class TestFakeVirtualUser:
    async def test_a_scenario_function_runs_as_in_a_run(self):
        async def default(vu: FakeVirtualUser, data: dict[str, str]) -> None:
            answer = await vu.http.post("/orders", json={"user": vu.id}, tags={"kind": "x"})
            vu.check(answer, {"created": lambda answer: answer.status == 201})
            await vu.sleep(vu.random.uniform(1, 2))

        with fake_virtual_user(env={"BASE_URL": "http://shop"}, data={"token": "t"}) as vu:
            vu.http.answer("POST", "/orders", status=201, json={"id": 7})
            await default(vu, vu.data)
        assert (vu.id, vu.iteration, vu.scenario, vu.env["BASE_URL"]) == (
            1,
            0,
            "test",
            "http://shop",
        )
        assert vu.data == {"token": "t"}
        assert vu.http.requests[0].url == "http://shop/orders"
        assert vu.checks == {"created": [True]}
        assert 1 <= vu.slept_s[0] <= 2

    def test_after_the_block_samples_have_no_user(self):
        orders = Counter("orders")
        with fake_virtual_user():
            pass
        with pytest.raises(Exception, match="outside of a virtual user"):
            orders.add(1)
