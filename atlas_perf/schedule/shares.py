"""How much of the plan each worker carries, as exact integers that sum to the whole.

Virtual users are numbered from 0 over the whole run and dealt like cards: user `k` lives on worker
`k mod n` of `n`. Three things follow, and they are why it is done this way (k6's execution segments
with an equal striped sequence; k6, `lib/execution_segment.go`):

- a worker computes its share alone, without asking anyone;
- the shares of `t` users differ by at most one, and sum to `t`;
- they are nested: raising `t` by one adds one user to exactly one worker and moves nobody, so a
  ramp over the whole run is the sum of the workers' ramps at every instant.
"""

from __future__ import annotations


def share_of_vus(total: int, worker: int, workers: int) -> int:
    """How many of `total` virtual users live on `worker`.

    The users `k` with `k mod n = w` and `k < t` are `w, w+n, w+2n, …`: there are
    `⌈(t − w) / n⌉` of them, or none if `t ≤ w`; `⌊(t − w + n − 1) / n⌋` is both, since `w < n`.
    """
    return (total - worker + workers - 1) // workers


def vu_ids(worker: int, workers: int, total: int) -> range:
    """The 0-based numbers of the virtual users that live on `worker`."""
    return range(worker, total, workers)


def share_of_iterations(iterations: int, vus: int, worker: int, workers: int) -> int:
    """How many of `iterations`, shared by `vus` users, `worker` takes.

    With `c(w)` users on the workers before `w`, worker `w` takes the iterations from
    `⌊i · c(w) / t⌋` to `⌊i · c(w+1) / t⌋`. Neighbours share a bound, so the shares sum to `i`
    exactly; each is within one of `i · share(w) / t`; and a worker without users takes none.
    """
    before = _vus_before(worker, workers, vus)
    after = _vus_before(worker + 1, workers, vus)
    return iterations * after // vus - iterations * before // vus


def _vus_before(worker: int, workers: int, total: int) -> int:
    """`c(w)`: each worker has `⌊t / n⌋` users, and the first `t mod n` workers one more."""
    each, extra = divmod(total, workers)
    return worker * each + min(worker, extra)
