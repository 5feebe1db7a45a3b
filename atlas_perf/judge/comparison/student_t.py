"""Student's t distribution: probabilities by the incomplete beta function, and quantiles."""

from __future__ import annotations

import math

_STEPS = 300
_TINY = 1e-300
_ENOUGH = 1e-14


def t_above(t: float, df: float) -> float:
    """The probability that a t-distributed value with `df` degrees of freedom exceeds `t`."""
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    tail = 0.5 * _incomplete_beta(df / 2, 0.5, df / (df + t * t))
    return tail if t >= 0 else 1 - tail


def t_quantile(p: float, df: float) -> float:
    """The value that a t-distributed one stays below with probability `p`, 0 < p < 1."""
    if p < 0.5:
        return -t_quantile(1 - p, df)
    low, high = 0.0, 1.0
    while t_above(high, df) > 1 - p:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if t_above(middle, df) > 1 - p else (low, middle)
    return (low + high) / 2


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly
        return 1 - _incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log_front += a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / (a * _fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + …)) by Lentz's method (DLMF 8.17.22)."""
    whole = above = 1.0
    below = 0.0
    for step in range(1, _STEPS):
        m, odd = divmod(step, 2)
        if odd:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        below = 1 / _apart_from_zero(1 + term * below)
        above = _apart_from_zero(1 + term / above)
        whole *= above * below
        if abs(above * below - 1) < _ENOUGH:
            break
    return whole


def _apart_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
