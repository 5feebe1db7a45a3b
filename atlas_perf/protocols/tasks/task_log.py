"""From what became of a task to its samples. Each of its outcomes is a population of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from atlas_perf.model.metric import BUILTIN_METRICS, Metric
from atlas_perf.model.series import UNKNOWN_OUTCOME
from atlas_perf.protocols.http.timings import ABSENT
from atlas_perf.protocols.tasks.task_states import Outcome

Record = Callable[[Metric, float, Mapping[str, str]], None]
"""Records one value under the virtual user's tags and these."""


class TaskLog:
    """Records one task."""

    def __init__(self, record: Record, name: str, tags: Mapping[str, str]) -> None:
        self._record = record
        self._tags = {**{key: str(value) for key, value in tags.items()}, "name": name}

    def submitted(self, took_ns: int, *, accepted: bool) -> None:
        """The submission was answered, or failed."""
        self._add("task_accept_time", took_ns, _population(good=accepted))

    def began(self, queued_ns: int) -> None:
        """It was seen to run for the first time."""
        self._add("task_queue_time", queued_ns, _population(good=True))

    def ended(
        self, outcome: Outcome, took_ns: int, *, polls: int | None, polling_error_ns: int
    ) -> None:
        """It has ended, or will never be known to. `polls` is None without polling."""
        completed = outcome is Outcome.COMPLETED
        tags = {"outcome": str(outcome), **_population(good=completed)}
        self._add("task_completed", completed, tags)
        self._add("tasks_ended", 1, tags)
        if outcome is Outcome.REJECTED:
            return  # there was no task
        self._add("task_duration", took_ns, tags)
        if polls is not None:
            self._add("task_polls", polls, tags)
        if polling_error_ns != ABSENT:
            self._add("task_polling_error", polling_error_ns, tags)

    def cut_off(self, age_ns: int, *, accepted: bool, began: bool) -> None:
        """The run ended first: nobody knows what would have become of it."""
        unknown = {"expected_response": UNKNOWN_OUTCOME}
        self._add("tasks_censored", 1, {})
        self._add("task_duration", age_ns, unknown)
        if not accepted:
            self._add("task_accept_time", age_ns, unknown)
        if not began:
            self._add("task_queue_time", age_ns, unknown)

    def _add(self, metric: str, value: float, tags: Mapping[str, str]) -> None:
        self._record(BUILTIN_METRICS[metric], value, {**self._tags, **tags})


def _population(*, good: bool) -> dict[str, str]:
    return {"expected_response": "true" if good else "false"}
