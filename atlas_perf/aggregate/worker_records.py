"""What all workers of a run have told, taken together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from atlas_perf.aggregate.exceptions_together import exceptions_together
from atlas_perf.aggregate.kept_requests import KeptRequests
from atlas_perf.aggregate.pulse import Pulse
from atlas_perf.aggregate.worker_record import WorkerRecord
from atlas_perf.model.batch import Ledger, ScenarioException
from atlas_perf.model.request_sample import RequestSample
from atlas_perf.model.summary import ExceptionSummary, WorkerSummary
from atlas_perf.units import NS_PER_S
from atlas_perf.wire.errors import WireError


class WorkerRecords:
    """One record a worker, by its index.

    Raises:
        ValueError: if there is no worker.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"a run needs at least one worker, not {workers}")
        self._records = tuple(WorkerRecord(index) for index in range(workers))
        self.of_teardown: tuple[ScenarioException, ...] = ()  # told after every batch

    def __getitem__(self, worker: int) -> WorkerRecord:
        """Raises WireError if the run has no such worker."""
        if not 0 <= worker < len(self._records):
            raise WireError(f"a batch of worker {worker}, but there are {len(self._records)}")
        return self._records[worker]

    def __iter__(self) -> Iterator[WorkerRecord]:
        return iter(self._records)

    @property
    def any_living(self) -> bool:
        """True while more batches are to come."""
        return any(record.living for record in self._records)

    @property
    def newest(self) -> int:
        """The newest interval that any worker has reported, or -1."""
        return max(record.received.last_interval for record in self._records)

    @property
    def newest_complete(self) -> int:
        """The newest interval that every living worker has reported, or -1; of all workers once
        none is living."""
        living = [record.received.last_interval for record in self._records if record.living]
        return min(living) if living else self.newest

    @property
    def elapsed_ns(self) -> int:
        """See `Snapshot`."""
        if self.any_living:
            return (self.newest_complete + 1) * NS_PER_S
        return max(record.measured_until_ns for record in self._records)

    def ledger(self) -> Mapping[str, Ledger]:
        """Iterations of each scenario, of all workers."""
        merged: dict[str, Ledger] = {}
        for record in self._records:
            for scenario, ledger in record.ledger.items():
                merged[scenario] = merged.get(scenario, Ledger()) + ledger
        return merged

    def summaries(self, pulses: Mapping[int, Pulse]) -> tuple[WorkerSummary, ...]:
        """Each worker's own; `pulses` is health by window, of all."""
        newest = self.newest
        return tuple(record.summary(newest, pulses) for record in self._records)

    def exceptions(self) -> tuple[ExceptionSummary, ...]:
        """Of all workers by kind and place, the most frequent first."""
        return exceptions_together(
            [*(record.exceptions for record in self._records), self.of_teardown]
        )

    def requests(self) -> tuple[RequestSample, ...]:
        """Some by themselves: failures of each kind, then the slowest of the others."""
        return KeptRequests.together(record.requests for record in self._records).in_order()
