"""A series is a metric with one set of tags; a selector names several of them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from atlas_perf.model.metric import (
    INTERRUPTED_TIMES,
    OUTCOME_TRENDS,
    TASK_COMPLETED,
    TASK_TRENDS,
    TASKS_CENSORED,
)
from atlas_perf.model.phase import PHASE_TAG

Tags = tuple[tuple[str, str], ...]
"""Tag pairs sorted by name: equal sets are equal tuples."""

OUTCOME_TAGS = frozenset({"expected_response", "status", "error", "error_code"})
"""A selector that names one of these says itself which outcomes it means."""

UNKNOWN_OUTCOME = "unknown"
"""The `expected_response` of requests that the end of the run cut off in flight (censored), and of
iterations and groups that it interrupted."""

_UNKNOWN = ("expected_response", UNKNOWN_OUTCOME)

COMPLETED = "completed"
"""The `outcome` of a task that came to the end it was submitted for."""

_LOWEST_FAILED_STATUS = 400
_UNKNOWN_IN_FLIGHT = frozenset({"ended_by", "expected_response", "status", "proto", "tls_version"})

NO_TAGS: Tags = ()

OTHER = "(other)"
"""Value of the `name` tag in a series that takes samples beyond the series cap."""

OTHER_TAGS: Tags = (("name", OTHER),)

CHECKS_CAP = 1_000
"""Distinct checks that are listed by themselves; samples of further ones are one `(other)`."""

CHECK_KEYS = frozenset({"check", "group", "scenario"})
"""The tags that tell one check from another in a report."""

_KEPT_BY_OTHER = frozenset({"expected_response", PHASE_TAG, "scenario"})
_NAMES_OF_OTHER = frozenset({"check", "name"})
_TAGS_OF_OTHER = _KEPT_BY_OTHER | _NAMES_OF_OTHER

METRIC_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_SELECTOR = re.compile(r"\s*(?P<metric>[^{}\s]+)\s*(?:\{(?P<tags>.*)\})?\s*", re.DOTALL)
_TAG = re.compile(
    r"""\s*(?P<key>[^:,{}"']+?)\s*:\s*
    (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^,]*?))\s*(?:,|$)""",
    re.VERBOSE,
)


def tags_of(pairs: Mapping[str, str]) -> Tags:
    """The canonical form of a tag set."""
    return tuple(sorted(pairs.items()))


@dataclass(frozen=True, slots=True)
class Series:
    """One metric under one tag set: what a recorder keeps one sketch or counter for."""

    metric: str
    tags: Tags = NO_TAGS

    def __str__(self) -> str:
        return format_selector(self.metric, self.tags)


@dataclass(frozen=True, slots=True)
class Selector:
    """k6's sub-metric: `metric{tag:value,…}`, all pairs must be equal.

    For the times of requests, messages, streams and tasks a selector without an outcome tag means
    those that succeeded.
    """

    metric: str
    tags: Tags = NO_TAGS

    @classmethod
    def parse(cls, text: str) -> Selector:
        """Read `metric` or `metric{key:value,key:"value"}`.

        Raises:
            ValueError: with a sentence naming what is malformed.
        """
        match = _SELECTOR.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a metric: write name or name{{tag:value}}")
        tags = {} if match["tags"] is None else _parse_tags(match["tags"], text)
        return cls(match["metric"], tags_of(tags))

    def effective_tags(self) -> Tags:
        """The pairs a series must carry, the implied one included."""
        named = OUTCOME_TAGS | ({"outcome"} if self.metric in TASK_TRENDS else set())
        if self.metric in OUTCOME_TRENDS and named.isdisjoint(key for key, _ in self.tags):
            return tags_of({**dict(self.tags), "expected_response": "true"})
        return self.tags

    def matches(self, series: Series) -> bool:
        return (
            self.metric == series.metric
            and set(self.effective_tags()) <= set(series.tags)
            and not self._leaves_out(series)
        )

    def _leaves_out(self, series: Series) -> bool:
        """True if the series has ages of what was interrupted, and durations are meant."""
        return (
            self.metric in INTERRUPTED_TIMES
            and _UNKNOWN in series.tags
            and _UNKNOWN not in self.tags
        )

    def censored(self) -> Selector | None:
        """What was cut off in flight and might have become some of what is meant here.

        None where there can be none: the metric has none, or failures or the ages themselves are
        what is meant.
        """
        if self.metric in INTERRUPTED_TIMES and _UNKNOWN not in self.tags:
            return Selector(self.metric, tags_of(dict((*self.tags, _UNKNOWN))))
        tags = dict(self.effective_tags())
        if self.metric == TASK_COMPLETED:
            return Selector(TASKS_CENSORED, self.tags)  # which have no tag that names an outcome
        if self.metric not in OUTCOME_TRENDS or not {"error", "error_code"}.isdisjoint(tags):
            return None
        if self.metric in TASK_TRENDS and tags.pop("outcome", COMPLETED) != COMPLETED:
            return None
        status = tags.get("status", "200")
        good = status.isdigit() and 0 < int(status) < _LOWEST_FAILED_STATUS
        if not good or tags.get("expected_response", "true") != "true":
            return None
        kept = {key: value for key, value in tags.items() if key not in _UNKNOWN_IN_FLIGHT}
        return Selector(self.metric, tags_of({**kept, "expected_response": UNKNOWN_OUTCOME}))

    def names_phase(self) -> bool:
        return any(key == PHASE_TAG for key, _ in self.tags)

    def passes_over(self, series: Series, uncounted_phase: str | None) -> bool:
        """True if the series is of a phase that counts only where a selector names a phase."""
        return (PHASE_TAG, uncounted_phase) in series.tags and not self.names_phase()

    def may_hide_in(self, series: Series) -> bool:
        """True if a folded series may hold samples meant here that its tags no longer show."""
        kept = dict(series.tags)
        folded = kept.get("name") == OTHER and kept.keys() <= _TAGS_OF_OTHER
        if not folded or self.metric != series.metric or self.matches(series):
            return False
        if self._leaves_out(series):
            return False
        for key in _NAMES_OF_OTHER & kept.keys():
            del kept[key]  # they say that the samples were folded, not what they were
        return all(kept.get(key, value) == value for key, value in self.effective_tags())

    def __str__(self) -> str:
        return format_selector(self.metric, self.tags)


def other_tags(tags: Tags) -> Tags:
    """Where samples go when there is no room for a series with these tags.

    Scenario, phase and outcome stay, so that verdicts about them stay true. A check stays one,
    without its name.
    """
    kept = [pair for pair in tags if pair[0] in _KEPT_BY_OTHER]
    checks = [("check", OTHER) for key, _ in tags if key == "check"]
    return tuple(sorted([*OTHER_TAGS, *checks, *kept]))


def check_of(tags: Tags) -> Tags:
    """What tells the check of these tags from others."""
    return tuple(pair for pair in tags if pair[0] in CHECK_KEYS)


def format_selector(metric: str, tags: Tags) -> str:
    if not tags:
        return metric
    return f"{metric}{{{','.join(f'{key}:{value}' for key, value in tags)}}}"


def _parse_tags(inside: str, whole: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    position = 0
    while position < len(inside):
        match = _TAG.match(inside, position)
        if match is None:
            raise ValueError(f"{whole!r} has a malformed tag: write {{tag:value,tag:value}}")
        value = match["double"] if match["double"] is not None else match["single"]
        tags[match["key"]] = match["bare"] if value is None else value
        position = match.end()
    if not tags:
        raise ValueError(f"{whole!r} has empty braces: write {{tag:value}} or leave them out")
    return tags
