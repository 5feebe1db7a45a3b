"""How samples of virtual users find their series: looked up once, and never the wrong one."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections import Counter as Tally

import pytest

from atlas_perf import Counter, Gauge, Rate
from atlas_perf.clock import now_ns
from atlas_perf.model.metric import Metric
from atlas_perf.model.series import Tags
from atlas_perf.scripting.context import current_user
from atlas_perf.worker.recorder import Recorder
from atlas_perf.worker.user_samples import RememberedSeries, UserSamples

orders = Counter("orders")
open_rooms = Gauge("open_rooms", across_workers="sum")


class CountingRecorder:
    """Gives each series one number, as the worker's recorder, and counts how often it is asked."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, Tags], int] = {}
        self.asked: Tally[tuple[str, Tags]] = Tally()
        self.samples: list[tuple[str, dict[str, str], float]] = []

    def series(self, metric: Metric, tags: Tags, /) -> int:
        self.asked[metric.name, tags] += 1
        return self.numbers.setdefault((metric.name, tags), len(self.numbers))

    def add(self, number: int, value: float, at_ns: int, /) -> None:
        name, tags = list(self.numbers)[number]
        self.samples.append((name, dict(tags), value))


@pytest.fixture
def recorder() -> CountingRecorder:
    return CountingRecorder()


@pytest.fixture
def series(recorder: CountingRecorder) -> RememberedSeries:
    return RememberedSeries(recorder)


@pytest.fixture
def user(series: RememberedSeries):
    one = UserSamples(series, {"scenario": "shop"})
    token = current_user.set(one)
    yield one
    current_user.reset(token)


def tags_recorded(recorder: CountingRecorder) -> list[dict[str, str]]:
    return [tags for _, tags, _ in recorder.samples]


def test_a_series_is_looked_up_once(user: UserSamples, recorder: CountingRecorder) -> None:
    for _ in range(3):
        user.check(1, {"one": True, "two": False}, {"call": "x"})
        user.check(1, {"one": True})
        orders.add(1)
        orders.add(2, {"kind": "big"})
        with user.group("g"):
            orders.add(1)
    assert set(recorder.asked.values()) == {1}
    assert len(recorder.samples) == 3 * 7


def test_users_with_the_same_tags_share_what_is_known(
    series: RememberedSeries, recorder: CountingRecorder
) -> None:
    first, second, other = (
        UserSamples(series, {"scenario": name}) for name in ("shop", "shop", "else")
    )
    for user in (first, second, other):
        user.check(1, {"one": True})
    assert first.sample_tags() is second.sample_tags()
    assert first.sample_tags() != other.sample_tags()
    assert list(recorder.asked.values()) == [1, 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda tags: tags.update(step="2"),
        lambda tags: tags.pop("step"),
        lambda tags: tags.__delitem__("step"),
        lambda tags: tags.clear(),
        lambda tags: tags.popitem(),
        lambda tags: dict.__setitem__(tags, "step", "2"),
    ],
)
def test_every_change_of_the_tags_is_noticed(
    user: UserSamples, recorder: CountingRecorder, change
) -> None:
    user.tags["step"] = "1"
    orders.add(1)
    user.check(1, {"c": True})
    change(user.tags)
    orders.add(1)
    user.check(1, {"c": True})
    now = {"scenario": "shop", **user.tags}
    assert tags_recorded(recorder) == [
        {"scenario": "shop", "step": "1"},
        {"scenario": "shop", "step": "1", "check": "c"},
        now,
        {**now, "check": "c"},
    ]
    assert now.get("step") != "1"


def test_a_group_that_comes_back_is_known_and_its_tags_are_those_of_now(
    user: UserSamples, recorder: CountingRecorder
) -> None:
    for step in ("1", "2", "1"):
        user.tags["step"] = step
        with user.group("g"):
            orders.add(1)
        orders.add(1)
    of_orders = [tags for name, tags, _ in recorder.samples if name == "orders"]
    assert [(tags.get("group"), tags["step"]) for tags in of_orders] == [
        ("::g", "1"),
        (None, "1"),
        ("::g", "2"),
        (None, "2"),
        ("::g", "1"),
        (None, "1"),
    ]
    assert set(recorder.asked.values()) == {1}


def test_equal_numbers_are_different_texts(user: UserSamples, recorder: CountingRecorder) -> None:
    class Kind(enum.StrEnum):
        BIG = "big"

    for value in (1, True, 1.0, "1", Kind.BIG, "big"):
        orders.add(1, {"a": value})
        user.check(1, {"c": True}, {"a": value})
    texts = ["1", "True", "1.0", "1", "big", "big"]
    assert [tags["a"] for tags in tags_recorded(recorder)] == [t for t in texts for _ in "ab"]


def test_names_of_checks_become_text(user: UserSamples, recorder: CountingRecorder) -> None:
    user.check(1, {1: True, 1.5: True, "1": True})
    assert [tags["check"] for tags in tags_recorded(recorder)] == ["1", "1.5", "1"]
    with pytest.raises(TypeError, match="the tag 'check' is text or a number, not None"):
        user.check(1, {None: True})


def test_a_metric_and_a_check_of_one_name_are_two(
    user: UserSamples, recorder: CountingRecorder
) -> None:
    Rate("same").add(True)
    user.check(1, {"same": True})
    assert [name for name, _, _ in recorder.samples] == ["same", "checks"]


def test_made_up_names_are_forgotten_and_their_samples_are_not(
    user: UserSamples, recorder: CountingRecorder
) -> None:
    user.check(1, {"first": True})
    for position in range(20_000):
        user.check(1, {f"item {position}": True})
    user.check(1, {"first": False})
    assert recorder.asked["checks", (("check", "first"), ("scenario", "shop"))] == 2
    assert len(recorder.numbers) == 20_001


def test_made_up_tags_are_forgotten_and_their_samples_are_not(
    user: UserSamples, recorder: CountingRecorder
) -> None:
    orders.add(1)
    for position in range(10_000):
        user.tags["id"] = position
        orders.add(1)
    del user.tags["id"]
    orders.add(1)
    assert recorder.asked["orders", (("scenario", "shop"),)] == 2
    assert len(recorder.numbers) == 10_001


def test_a_group_can_be_a_decorator(user: UserSamples, recorder: CountingRecorder) -> None:
    @user.group("inside")
    def work() -> None:
        orders.add(1)

    work()
    work()
    assert [tags["group"] for tags in tags_recorded(recorder)] == ["::inside"] * 4


def test_the_compiled_recorder_gets_the_same() -> None:
    made = Recorder([orders.metric])
    user = UserSamples(RememberedSeries(made), {"scenario": "shop"})
    token = current_user.set(user)
    try:
        for _ in range(2):
            user.check(1, {"c": lambda n: n > 1})
            orders.add(2.5)
            orders.add(-1)
    finally:
        current_user.reset(token)
    closed = made.close_interval()
    assert [str(new.series) for new in closed.new_series] == [
        "checks{check:c,scenario:shop}",
        "orders{scenario:shop}",
    ]
    assert [(delta.samples, getattr(delta, "passes", None)) for delta in closed.deltas] == [
        (2, 0),
        (2, None),
    ]
    assert closed.refused_samples == 2


def test_a_group_that_its_iterations_cut_finds_under_way_is_censored(
    user: UserSamples, recorder: CountingRecorder
) -> None:
    """However it is left, it has not come to its end by itself."""
    for leaves in (None, asyncio.CancelledError, LookupError):
        with contextlib.suppress(BaseException), user.group("cut"):
            user.cut_at_ns = cut_at_ns = now_ns() + 1
            if leaves is not None:
                raise leaves
        while now_ns() < cut_at_ns:
            pass
        with user.group("cleaning"):
            pass
        user.cut_at_ns = 0
        (name, tags, age_ns), (_, after, _) = recorder.samples[-2:]
        assert (name, tags["group"]) == ("group_duration", "::cut")
        assert tags["expected_response"] == "unknown"
        assert 0 < age_ns < cut_at_ns
        assert after == {"scenario": "shop", "group": "::cleaning"}


def test_a_group_that_a_scenario_cancels_itself_has_no_duration(
    user: UserSamples, recorder: CountingRecorder
) -> None:
    with contextlib.suppress(asyncio.CancelledError), user.group("own"):
        raise asyncio.CancelledError
    assert recorder.samples == []


def test_a_part_of_a_sum_is_of_no_group(user: UserSamples, recorder: CountingRecorder) -> None:
    """One series for each group, or phase, would be added up to more than there is."""
    open_rooms.add(1)
    with user.group("g"):
        open_rooms.add(2, {"kind": "big"})
        open_rooms.add(3)
    rooms = [(tags, value) for name, tags, value in recorder.samples if name == "open_rooms"]
    assert rooms == [
        ({"scenario": "shop"}, 1),
        ({"scenario": "shop", "kind": "big"}, 2),
        ({"scenario": "shop"}, 3),
    ]
