"""The single requests that a run ends up telling of: few, however long it is."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappush, heappushpop

from atlas_perf.model.request_sample import RequestSample, SampleReason

SLOWEST = 20
FAILURES = 60
ALIKE = 3
"""Failures of one name, status and error code: the first ones, which show how it began."""


class KeptRequests:
    """The slowest of all requests that were told of, and failures of each kind."""

    def __init__(self) -> None:
        self._slow: list[tuple[int, int, RequestSample]] = []  # a heap
        self._failed: dict[tuple[str, str, str, int, int], list[RequestSample]] = {}
        self._failures = 0
        self._number = 0

    @classmethod
    def together(cls, parts: Iterable[KeptRequests]) -> KeptRequests:
        """What would have been kept of all that these have."""
        everything = [sample for part in parts for sample in part.in_order()]
        kept = cls()
        kept.add(sorted(everything, key=lambda sample: sample.at_ns))
        return kept

    def add(self, samples: Iterable[RequestSample]) -> None:
        """Take more requests, in the order in which they ended."""
        for sample in samples:
            if sample.reason is SampleReason.SLOW:
                self._add_slow(sample)
            else:
                self._add_failed(sample)

    def in_order(self) -> tuple[RequestSample, ...]:
        """Failures by kind in the order of the first of each, then the slowest."""
        failed = [sample for alike in self._failed.values() for sample in alike]
        slow = [entry[2] for entry in sorted(self._slow, reverse=True)]
        return (*failed, *slow)

    def _add_slow(self, sample: RequestSample) -> None:
        self._number -= 1  # of two that took as long, the earlier one is kept
        entry = (sample.duration_ns, self._number, sample)
        if len(self._slow) < SLOWEST:
            heappush(self._slow, entry)
        else:
            heappushpop(self._slow, entry)

    def _add_failed(self, sample: RequestSample) -> None:
        kind = (
            sample.scenario,
            sample.method,
            sample.name,
            sample.status,
            sample.error_code,
        )
        if self._failures < FAILURES and len(self._failed.get(kind, ())) < ALIKE:
            self._failed.setdefault(kind, []).append(sample)
            self._failures += 1
