"""The run's outputs: each sees every batch, and none can harm the run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.clock import WallAnchor
from atlas_perf.coordinator.summed_gauges import GaugePoint, SummedGauges
from atlas_perf.model.batch import Batch
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.summary import OutputSummary
from atlas_perf.outputs.base import Output, PatientOutput, ToldOutput

TELL_AFTER_S = 0.5
"""What takes longer to close is said: receivers that are well take what is left in less."""


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

    async def close(self, tell: Callable[[str], None]) -> None:
        """Close those that were opened, all at once, and gather what they have to say.

        Args:
            tell: the user what is waited for; `hurry` ends it.
        """
        if self._aggregator is not None:
            self._give(self._gauges.rest(self._aggregator))
        said = await self._all_closed(tell)
        self.told += tuple(one.told() for one in self._started if isinstance(one, ToldOutput))
        self._started.clear()
        self.missing += tuple(sentence for sentence in said if sentence is not None)

    def hurry(self) -> None:
        """Let nothing be waited for any more."""
        for output in self._patient():
            output.hurry()

    def _patient(self) -> list[PatientOutput]:
        return [output for output in self._started if isinstance(output, PatientOutput)]

    async def _all_closed(self, tell: Callable[[str], None]) -> list[str | None]:
        if not self._started:
            return []
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(len(self._started), "atlas-perf-closing") as threads:
            closing = [loop.run_in_executor(threads, one.close) for one in self._started]
            _, slow = await asyncio.wait(closing, timeout=TELL_AFTER_S)
            waits = [
                one.awaited()
                for one, future in zip(self._started, closing, strict=True)
                if future in slow and isinstance(one, PatientOutput)
            ]
            if waits:
                tell(f"waiting {', and '.join(waits)}; Ctrl-C to skip")
            return list(await asyncio.gather(*closing))

    def _give(self, points: Iterable[GaugePoint]) -> None:
        for point in points:
            for output in self._started:
                tags = point.series.series.tags
                output.on_gauge(point.series.metric, tags, point.at_ns, point.value)
