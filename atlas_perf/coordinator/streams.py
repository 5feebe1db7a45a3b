"""The run's outputs: each sees every batch, and none can harm the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.clock import WallAnchor
from atlas_perf.coordinator.summed_gauges import GaugePoint, SummedGauges
from atlas_perf.model.batch import Batch
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.summary import OutputSummary
from atlas_perf.outputs.base import Output, ToldOutput


class OutputStreams:
    """All outputs of a run."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = tuple(outputs)
        self._started: list[Output] = []
        self._gauges = SummedGauges()
        self._aggregator: Aggregator | None = None
        self.missing: tuple[str, ...] = ()  # sentences on results they lack, once closed
        self.told: tuple[OutputSummary, ...] = ()  # what became of each, once closed

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:
        """Open all. Raises PlanError if one cannot be opened."""
        for output in self._outputs:
            output.start(plan, anchor, t0_ns)
            self._started.append(output)

    def on_batch(self, batch: Batch, aggregator: Aggregator) -> None:
        resolve = partial(aggregator.resolve, batch.worker)
        for output in self._started:
            output.on_batch(batch, resolve)
        self._aggregator = aggregator
        self._gauges.take(batch, aggregator)
        self._give(self._gauges.complete(aggregator))

    def close(self) -> None:
        """Close those that were opened, and gather what they have to say."""
        if self._aggregator is not None:
            self._give(self._gauges.rest(self._aggregator))
        said = [output.close() for output in self._started]
        self.told += tuple(one.told() for one in self._started if isinstance(one, ToldOutput))
        self._started.clear()
        self.missing += tuple(sentence for sentence in said if sentence is not None)

    def _give(self, points: Iterable[GaugePoint]) -> None:
        for point in points:
            for output in self._started:
                tags = point.series.series.tags
                output.on_gauge(point.series.metric, tags, point.at_ns, point.value)
