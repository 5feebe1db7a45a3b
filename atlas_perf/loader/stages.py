"""`stages`: the corners of a ramp."""

from __future__ import annotations

from atlas_perf.loader.keyed import KeyTable, OptionKey
from atlas_perf.loader.problem import OptionPath, expected
from atlas_perf.loader.readers import Reader, duration, read_list, whole_number
from atlas_perf.model.plan import Stage

STAGE = KeyTable(
    (
        OptionKey(
            "duration",
            duration(zero=True),
            "required",
            "How long the line to `target` takes; `0s` is a jump",
            "duration_ns",
            required=True,
        ),
        OptionKey(
            "target",
            whole_number(0),
            "required",
            "Virtual users, or arrivals for each `timeUnit`, at the stage's end",
            "target",
            required=True,
        ),
    )
)


def _read_stages(value: object, path: OptionPath) -> tuple[Stage, ...]:
    stages = read_list(value, path, STAGES.expects)
    if not stages:
        raise expected(path, "a list with at least one stage", value)
    return tuple(
        Stage(**STAGE.fields(STAGE.read(stage, (*path, index))))
        for index, stage in enumerate(stages)
    )


STAGES = Reader("a list of stages", _read_stages)
