"""Does the run so far break a threshold that asks to end it?"""

from __future__ import annotations

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.judge.thresholds import Judge
from atlas_perf.model.summary import ThresholdResult


def breach_so_far(judge: Judge, aggregator: Aggregator) -> ThresholdResult | None:
    """The first failed threshold that ends the run, judged at the end of a whole second only.

    Between two batches of one second some workers are ahead, and nothing is judged. That heals
    with the second's last batch, unless a worker stays more than a second behind: a run that is
    INVALID for it.
    """
    if not aggregator.is_consistent_cut:
        return None
    return judge.breach_to_abort(aggregator, judge.evaluate(aggregator))
