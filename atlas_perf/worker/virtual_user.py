"""What scenario code holds: one virtual user of a running test."""

from __future__ import annotations

import inspect
import math
import random
from asyncio import CancelledError
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from atlas_perf.clock import now_ns
from atlas_perf.model.metric import BUILTIN_METRICS, Metric
from atlas_perf.model.series import Tags, tags_of
from atlas_perf.scripting.context import current_group
from atlas_perf.units import NS_PER_S
from atlas_perf.worker.sleeping import Sleep
from atlas_perf.worker.user_tags import UserTags, tag_texts

if TYPE_CHECKING:
    from atlas_perf.protocols.http.client import HttpClient

GROUP_SEPARATOR = "::"
_CHECKS = BUILTIN_METRICS["checks"]
_GROUP_DURATION = BUILTIN_METRICS["group_duration"]

Predicate = Callable[[Any], object] | bool
"""A function of the checked value, or a condition already evaluated."""


class SampleRecorder(Protocol):
    """The part of the recorder that a virtual user needs."""

    def series(self, metric: Metric, tags: Tags, /) -> int: ...
    def add(self, number: int, value: float, at_ns: int, /) -> None: ...


def _sleep(seconds: float) -> Sleep:
    return Sleep(round(seconds * NS_PER_S))


class VirtualUser:
    """One simulated user: runs the scenario function again and again, alone with its state.

    Attributes:
        id: number of this user over the whole run, from 1; 0 in `setup` and `teardown`.
        iteration: number of this user's iteration, from 0.
        scenario: name of the scenario it belongs to.
        env: variables given with `-e`, the scenario's own `env`, and the process's.
        random: random numbers of its own, equal in every run with the same `--seed`.
        tags: added to every sample from now on; change it as you like.
        data: what `setup` returned; a copy of its own.
        http: an HTTP client with connections and cookies of its own.
    """

    def __init__(
        self,
        *,
        id: int,
        scenario: str,
        seed: int,
        env: Mapping[str, str],
        base_tags: Mapping[str, str],
        recorder: SampleRecorder,
        connect: Callable[[Callable[[], Tags]], HttpClient],
        sleep: Callable[[float], Coroutine[Any, Any, None]] = _sleep,
    ) -> None:
        """`connect` makes the HTTP client; it is given the function that tells the current tags.

        `base_tags` are shared with other users, and never changed.
        """
        self.id = id
        self.iteration = -1
        self.scenario = scenario
        self.env = env
        self._seed = seed
        self._random: random.Random | None = None
        self._tags = UserTags()
        self.data: Any = None
        self._base_tags = base_tags
        self._recorder = recorder
        self._sleep = sleep
        self._tagged_group = ""
        self._tagged: dict[str, str] = {}
        self._tags_now = tags_of(self._base_tags)
        self.http = connect(self.sample_tags)

    @property
    def tags(self) -> dict[str, str]:
        """See the class; assigning replaces all of them."""
        return self._tags

    @tags.setter
    def tags(self, tags: Mapping[str, object]) -> None:
        # Refused here and now, so that no sample ever meets tags it cannot carry.
        self._tags = UserTags(tag_texts(tags))

    @property
    def random(self) -> random.Random:
        """See the class; made when it is first asked for, since it is 2.5 KiB."""
        if self._random is None:
            # Seeded with text: the generator then hashes it, and neighbours share no structure.
            self._random = random.Random(f"{self._seed}/{self.scenario}/{self.id}")
        return self._random

    def check(
        self,
        value: Any,
        checks: Mapping[str, Predicate],
        tags: Mapping[str, str] | None = None,
    ) -> bool:
        """Record for each named predicate whether it holds for `value`; True if all do.

        A check that fails does not end the iteration. A predicate that raises is recorded as
        failed, and the exception goes on; the predicates after it are then not evaluated.

        Raises:
            TypeError: if a predicate is asynchronous: it could only ever be true.
        """
        passed = True
        for name, predicate in checks.items():
            check_tags = {**(tags or {}), "check": name}
            try:
                holds = _holds(name, predicate, value)
            except BaseException:
                self.record_sample(_CHECKS, 0, check_tags)
                raise
            self.record_sample(_CHECKS, holds, check_tags)
            passed = passed and holds
        return passed

    @contextmanager
    def group(self, name: str) -> Iterator[None]:
        """Tag every sample inside with `group`, and record how long the block took.

        Groups nest; the tag is the path from the outermost, `::outer::inner`.
        """
        if not name or GROUP_SEPARATOR in name:
            raise ValueError(f"{name!r} cannot name a group: it is empty or contains '::'")
        token = current_group.set(current_group.get() + GROUP_SEPARATOR + name)
        began_ns = now_ns()
        interrupted = False
        try:
            yield
        except (CancelledError, GeneratorExit):
            interrupted = True
            raise
        finally:
            if not interrupted:
                self.record_sample(_GROUP_DURATION, now_ns() - began_ns, None)
            current_group.reset(token)

    def sleep(self, seconds: float) -> Coroutine[Any, Any, None]:
        """Think for a while: at least `seconds`, with other users at work meanwhile."""
        if not math.isfinite(seconds):
            raise ValueError(f"a user cannot sleep for {seconds} seconds")
        return self._sleep(seconds)

    def record_sample(self, metric: Metric, value: float, tags: Mapping[str, str] | None) -> None:
        """Record one value under the user's current tags and these; custom metrics end here."""
        now = self.sample_tags()
        if tags:
            now = tags_of({**dict(now), **tag_texts(tags)})
        self._recorder.add(self._recorder.series(metric, now), value, now_ns())

    def sample_tags(self) -> Tags:
        """The tags a sample taken now carries: plan, scenario, user and group."""
        group = current_group.get()
        # Told apart by value, since `tags` is the user's to change at any time.
        if group != self._tagged_group or self._tags != self._tagged:
            inside = {"group": group} if group else {}
            self._tagged_group, self._tagged = group, dict(self._tags)
            self._tags_now = tags_of({**self._base_tags, **self._tags, **inside})
        return self._tags_now

    def begin_iteration(self) -> None:
        """Count on to the next iteration, and let the client forget what must not outlive one."""
        self.iteration += 1
        self.http.begin_iteration()

    async def close(self) -> None:
        """Close the user's connections."""
        await self.http.close()

    def __repr__(self) -> str:
        return f"<virtual user {self.id} of {self.scenario}, iteration {self.iteration}>"


def _holds(name: str, predicate: Predicate, value: Any) -> bool:
    result = predicate(value) if callable(predicate) else predicate
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError(f"check {name!r} is asynchronous: await what it needs first, then check")
    return bool(result)
