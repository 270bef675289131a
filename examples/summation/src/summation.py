r"""
---
title: Summation
summary: Neumaier's compensated summation, its promise, and the check of it in exact arithmetic.
---

# Neumaier's summation

The sum of two floats is rounded, and what the rounding takes away is lost to the
sum. It need not be lost to us: it is itself a float, and one line computes it, exactly.
In 1974 Arnold Neumaier built a summation on this, in
[Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen](https://doi.org/10.1002/zamm.19740540106)
(rounding error analysis of some methods for adding finite sums).

![A number a of eight binary digits and a smaller number b. Three digits of b reach the rounded sum t. The other five are e, what the rounding lost.](../docs/rounding.svg "With eight binary digits: 181 + 6.3125 becomes 187, and 0.3125 is lost. The sum of the two is exact.")

The claim: a [plain loop](#plain_sum) is wrong by up to $(n - 1)\,u$ times the sum of all
magnitudes. [Neumaier's summation](#neumaier_sum) is wrong by one rounding of the result,
and by no more than about $n^2 u^2$ times those magnitudes. Further down, we
[check](#check) both against fractions, which do not round.

| symbol | name in the code | meaning |
| --- | --- | --- |
| $x_1, \dots, x_n$ | `numbers` | the $n$ floats to add |
| $\operatorname{fl}$ | | rounds a real number to the nearest float |
| $s_i$ | `total` | the rounded sum of the first $i$ numbers |
| $e_i$ | `lost` | what the $i$-th addition lost |
| $c$ | `kept` | the rounded sum of all that was lost |
| $u$ | `U` | the largest relative error of one rounding |
"""

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

# Python's floats have 53 binary digits, so rounding moves a number by half a unit of
# the last of them at most.
U = Fraction(1, 2**53)


def plain_sum(numbers: Sequence[float]) -> float:
    r"""
    ## The plain loop

    $$s_i = \operatorname{fl}(s_{i-1} + x_i), \qquad s_0 = 0$$

    The loop is written out because Python's `sum` is no plain loop any more: since
    version 3.12 it compensates, much as this page does.
    """
    total = 0.0
    for x in numbers:
        total += x
    return total


def lost(a: float, b: float) -> float:
    r"""
    ## What an addition loses

    $$e = \big(a - \operatorname{fl}(a + b)\big) + b, \qquad |a| \ge |b|$$

    Let $t = \operatorname{fl}(a + b)$, and let nothing overflow. Then $a + b = t + e$ holds
    without any error, for both operations are exact:

    * The difference of two floats is a float if neither is more than twice the other. So
      $a - t$ is exact, except where $b$ cancels more than half of $a$. There $b$ is at least
      half of $a$, so $t$ is exact already, and $a - t$ is $-b$.
    * $e$ is no larger than $b$, since $a$ itself is a float at distance $b$ from the sum and
      $t$ is a nearest one. It has no digit below the last one of $b$. So it is a float.

    With the smaller number first, $a$ itself may lose digits, and $e$ no longer says
    which.
    """
    return (a - (a + b)) + b


def kahan_sum(numbers: Sequence[float]) -> float:
    r"""
    ## Kahan's way: give it back at once

    $$y_i = \operatorname{fl}(x_i + e_{i-1}), \qquad s_i = \operatorname{fl}(s_{i-1} + y_i)$$

    William Kahan's
    [note of 1965](https://doi.org/10.1145/363707.363723) adds to the next number what the
    last addition lost. He takes the sum so far for the larger of the two. Where a number
    outgrows it, the small digits of the sum are gone.
    """
    total = error = 0.0
    for x in numbers:
        y = x + error
        # The sum stands first, whether or not it is the larger.
        total, error = total + y, lost(total, y)
    return total


def neumaier_sum(numbers: Sequence[float]) -> float:
    r"""
    ## Neumaier's way: keep it to the end

    $$s_n + c = \operatorname{fl}\Big(s_n + \operatorname{fl}\Big(\sum_{i=1}^{n} e_i\Big)\Big)$$

    Two things are different. Before each addition we look which number is the larger, so
    every $e_i$ is exact. And the $e_i$ have a sum of their own, which joins the other one
    only at the end, when nothing large can push it out any more.
    """
    total = kept = 0.0
    for x in numbers:
        larger, smaller = (total, x) if abs(total) >= abs(x) else (x, total)
        kept += lost(larger, smaller)
        total += x
    # The exact result is $s_n + \sum e_i$. Only the sum of the $e_i$ was rounded, and they
    # are small.
    return total + kept


def error_bound(numbers: Sequence[float]) -> Fraction:
    r"""
    ## How wrong Neumaier's sum can be

    $$u \Big|\sum x_i\Big| + \gamma^2 \sum |x_i|,
    \qquad \gamma = \frac{(n - 1)\, u}{1 - (n - 1)\, u}$$

    The first part is the last rounding, which no method escapes that returns a float. The
    second is small of the second order: the lost digits are at most $\gamma$ times the
    magnitudes, and adding them up loses at most $\gamma$ times that.
    """
    exact = [Fraction(x) for x in numbers]
    n = len(exact)
    gamma = (n - 1) * U / (1 - (n - 1) * U)
    return U * abs(sum(exact)) + gamma**2 * sum(map(abs, exact))


def check(lists: int = 1000, seed: int = 0) -> None:
    r"""
    ## The claims, checked

    A fraction holds every float exactly, and fractions add without rounding. So for
    random lists, of numbers large and small, we see whether the claims are true.
    """
    chance = random.Random(seed)
    for _ in range(lists):
        n = chance.randint(1, 50)
        powers = [2.0 ** chance.randint(-40, 40) for _ in range(n)]
        numbers = [chance.uniform(-1, 1) * power for power in powers]
        exact = [Fraction(x) for x in numbers]

        # No addition loses more or less than `lost` says.
        for pair in pairwise(numbers):
            b, a = sorted(pair, key=abs)
            t, e = a + b, lost(a, b)
            assert Fraction(a) + Fraction(b) == Fraction(t) + Fraction(e), pair

        # The plain loop keeps to its bound, and Neumaier's summation to its own.
        error = abs(Fraction(plain_sum(numbers)) - sum(exact))
        assert error <= (n - 1) * U * sum(map(abs, exact)), numbers
        error = abs(Fraction(neumaier_sum(numbers)) - sum(exact))
        assert error <= error_bound(numbers), numbers


# In the last list, $10^{100}$ comes and goes. Kahan's way loses the first $1$ when it
# comes, for it outgrows the sum. The second $1$ is given back to $-10^{100}$, beside
# which it is nothing.
LISTS = {
    "0.1, ten times": [0.1] * 10,
    "0.1, 100,000 times": [0.1] * 100_000,
    "1, 1e100, 1, -1e100": [1.0, 1e100, 1.0, -1e100],
}


def main() -> None:
    """
    ## Three lists, added in three ways
    """
    rows = [("numbers", "plain loop", "Kahan", "Neumaier", "exact, rounded")]
    for name, numbers in LISTS.items():
        exact = float(sum(map(Fraction, numbers)))
        ways = plain_sum(numbers), kahan_sum(numbers), neumaier_sum(numbers), exact
        rows.append((name, *map(repr, ways)))
    for name, plain, kahan, neumaier, exact in rows:
        print(f"{name:<23}{plain:<20}{kahan:<9}{neumaier:<10}{exact}")
    check()
    print("Every claim of this page held on 1,000 random lists.")


if __name__ == "__main__":
    main()
