"""What outputs cost is told as ratios within a round."""

from __future__ import annotations

from benchmarks.outputs_in_a_run import VARIANTS, Cost, table


def round_of(cpu_s: float) -> dict[str, Cost]:
    costs = (
        Cost(cpu_s, 10, 20_000, 1),
        Cost(2 * cpu_s, 10, 19_000, 1),
        Cost(5 * cpu_s, 12, 10_000, 3),
    )
    return dict(zip(VARIANTS, costs, strict=True))


def test_a_ratio_is_to_the_run_without_outputs_of_the_same_round():
    # The machine is slower each time, which is no matter of the outputs.
    told = [line.split() for line in table([*map(round_of, (0.5, 1.0, 7.0))]).splitlines()]
    assert told[0] == list(VARIANTS)
    assert told[1][2:] == ["1.00", "2.00", "×2.00", "5.00", "×5.00"]
    assert told[3][2:] == ["20,000.00", "19,000.00", "×0.95", "10,000.00", "×0.50"]
