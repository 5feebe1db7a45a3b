"""`thresholds`: criteria by metric; `judge`, which owns the grammar, reads their expressions."""

from __future__ import annotations

from collections.abc import Mapping

from atlas_perf.loader.keyed import KeyTable, OptionKey
from atlas_perf.loader.problem import OptionPath, OptionProblem, expected
from atlas_perf.loader.readers import FLAG, TEXT, Reader, duration, read_dict, read_list
from atlas_perf.model.plan import ThresholdPlan
from atlas_perf.model.series import Selector

THRESHOLD = KeyTable(
    (
        OptionKey(
            "threshold",
            TEXT,
            "required",
            "The criterion, such as `p(95)<500`",
            "expression",
            required=True,
        ),
        OptionKey(
            "abortOnFail",
            FLAG,
            "False",
            "End the run as soon as the criterion fails",
            "abort_on_fail",
        ),
        OptionKey(
            "delayAbortEval",
            duration(zero=True),
            "0s",
            "But not before so much of the run is over",
            "delay_abort_eval_ns",
        ),
    )
)


def _read_thresholds(value: object, path: OptionPath) -> tuple[ThresholdPlan, ...]:
    by_selector = read_dict(value, path, THRESHOLDS.expects)
    thresholds: list[ThresholdPlan] = []
    for selector, criteria in by_selector.items():
        inside = (*path, selector)
        try:
            Selector.parse(selector)
        except ValueError as error:
            raise OptionProblem(inside, str(error)) from None
        items = read_list(criteria, inside, "a list of criteria such as ['p(95)<500']")
        if not items:
            raise expected(inside, "a list with at least one criterion", criteria)
        thresholds += [
            _read_threshold(selector, item, (*inside, index)) for index, item in enumerate(items)
        ]
    return tuple(thresholds)


def _read_threshold(selector: str, value: object, path: OptionPath) -> ThresholdPlan:
    if isinstance(value, str):
        return ThresholdPlan(selector, value)
    if not isinstance(value, Mapping):
        raise expected(
            path,
            f"a criterion such as 'p(95)<500', or a dict with {', '.join(THRESHOLD.keys)}",
            value,
        )
    return ThresholdPlan(selector, **THRESHOLD.fields(THRESHOLD.read(value, path)))


THRESHOLDS = Reader("a dict of metric to list of criteria", _read_thresholds)
