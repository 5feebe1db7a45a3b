"""In which order runs follow each other."""

from __future__ import annotations

from itertools import islice

from atlas_perf.judge.comparison.run_order import Side, run_order


def test_each_pair_has_both_sides_and_the_coin_falls_both_ways() -> None:
    pairs = list(islice(run_order(1), 400))
    assert all(set(pair) == {Side.BASE, Side.CANDIDATE} for pair in pairs)
    firsts = [pair[0] for pair in pairs]
    assert 70 < sum(one is Side.BASE for one in firsts[::2]) < 130
    assert all(one is not other for one, other in zip(firsts[::2], firsts[1::2], strict=True))


def test_a_seed_is_an_order_and_more_pairs_begin_with_the_same() -> None:
    assert list(islice(run_order(7), 20))[:5] == list(islice(run_order(7), 5))
    assert list(islice(run_order(7), 40)) != list(islice(run_order(8), 40))
