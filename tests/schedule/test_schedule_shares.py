"""Shares of users and iterations: rows with their arithmetic, and laws for any numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.schedule.shares import share_of_iterations, share_of_vus, vu_ids

workers_count = st.integers(1, 64)
totals = st.integers(0, 100_000)


@pytest.mark.parametrize(
    ("total", "shares"),
    [
        (0, [0, 0, 0]),
        (1, [1, 0, 0]),  # user 0 on worker 0
        (3, [1, 1, 1]),
        (4, [2, 1, 1]),  # user 3 comes round to worker 0
        (8, [3, 3, 2]),  # 0 3 6 | 1 4 7 | 2 5
        (100, [34, 33, 33]),
    ],
)
def test_users_are_dealt_in_turn(total: int, shares: list[int]) -> None:
    assert [share_of_vus(total, worker, 3) for worker in range(3)] == shares


def test_ids_of_one_worker() -> None:
    assert list(vu_ids(worker=1, workers=3, total=8)) == [1, 4, 7]
    assert list(vu_ids(worker=2, workers=3, total=2)) == []


@pytest.mark.parametrize(
    ("iterations", "vus", "shares"),
    [
        # One user each: 10/3 apiece; bounds ⌊10/3⌋ = 3, ⌊20/3⌋ = 6, 10.
        (10, 3, [3, 3, 4]),
        # Users 2, 1, 1 of 4: bounds ⌊10·2/4⌋ = 5, ⌊10·3/4⌋ = 7, 10.
        (10, 4, [5, 2, 3]),
        # One user: everything is his, and workers without one take nothing.
        (10, 1, [10, 0, 0]),
        (1, 1, [1, 0, 0]),
        (0, 3, [0, 0, 0]),
        # As many as users: one for each.
        (8, 8, [3, 3, 2]),
    ],
)
def test_iterations_follow_the_users(iterations: int, vus: int, shares: list[int]) -> None:
    assert [share_of_iterations(iterations, vus, worker, 3) for worker in range(3)] == shares


@given(totals, workers_count)
def test_shares_of_users_sum_to_the_whole_and_differ_by_one_at_most(total: int, n: int) -> None:
    shares = [share_of_vus(total, worker, n) for worker in range(n)]
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1


@given(totals, workers_count)
def test_one_more_user_changes_one_worker_by_one(total: int, n: int) -> None:
    before = [share_of_vus(total, worker, n) for worker in range(n)]
    after = [share_of_vus(total + 1, worker, n) for worker in range(n)]
    changes = [more - less for less, more in zip(before, after, strict=True)]
    assert sorted(changes) == [0] * (n - 1) + [1]


@given(st.integers(0, 500), workers_count)
def test_every_user_lives_on_exactly_one_worker(total: int, n: int) -> None:
    ids = [user for worker in range(n) for user in vu_ids(worker, n, total)]
    assert sorted(ids) == list(range(total))
    for worker in range(n):
        assert len(vu_ids(worker, n, total)) == share_of_vus(total, worker, n)
        assert all(user % n == worker for user in vu_ids(worker, n, total))


@given(st.integers(0, 10**12), st.integers(1, 100_000), workers_count)
def test_shares_of_iterations_sum_to_the_whole(iterations: int, vus: int, n: int) -> None:
    shares = [share_of_iterations(iterations, vus, worker, n) for worker in range(n)]
    assert sum(shares) == iterations
    for worker, share in enumerate(shares):
        users = share_of_vus(vus, worker, n)
        # Within one of i·u/t, without dividing.
        assert abs(share * vus - iterations * users) < vus
        if users == 0:
            assert share == 0


@given(st.integers(1, 10_000), st.integers(0, 10_000), workers_count)
def test_a_worker_with_users_has_an_iteration_for_each(vus: int, more: int, n: int) -> None:
    for worker in range(n):
        assert share_of_iterations(vus + more, vus, worker, n) >= share_of_vus(vus, worker, n)
