"""Rank statistics for studies: correlations, permutation tests within strata, bootstrap intervals. Python's standard library alone."""

import math
import random


def ranks(values):
    """Ranks from 1; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for i in range(start, end + 1):
            result[order[i]] = (start + end) / 2 + 1
        start = end + 1
    return result


def mean(values):
    return math.fsum(values) / len(values)


def pearson(x, y):
    """0 where one of the lists is constant."""
    mean_x, mean_y = mean(x), mean(y)
    xy = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
    xx = math.fsum((a - mean_x) ** 2 for a in x)
    yy = math.fsum((b - mean_y) ** 2 for b in y)
    return xy / math.sqrt(xx * yy) if xx > 0 and yy > 0 else 0.0


def spearman(x, y):
    return pearson(ranks(x), ranks(y))


def signs(values):
    """Of all differences of pairs i < j: 1, 0 or -1."""
    return [(values[j] > values[i]) - (values[j] < values[i]) for i in range(len(values)) for j in range(i + 1, len(values))]


def tau_of_signs(a, b):
    told_apart = math.sqrt(sum(s != 0 for s in a) * sum(s != 0 for s in b))
    return sum(p * q for p, q in zip(a, b)) / told_apart if told_apart else 0.0


def kendall(x, y):
    """Tau-b; 0 where one of the lists is constant."""
    return tau_of_signs(signs(x), signs(y))


def partial(correlation, x, y, given):
    """The correlation of x and y with what both share with `given` taken out, by the formula for three variables."""
    xy, xz, yz = correlation(x, y), correlation(x, given), correlation(y, given)
    rest = (1 - xz * xz) * (1 - yz * yz)
    return (xy - xz * yz) / math.sqrt(rest) if rest > 1e-12 else 0.0


def mean_within(statistic, strata):
    """Mean over the strata of statistic(x, y, ...), each stratum a tuple of lists."""
    return mean([statistic(*stratum) for stratum in strata])


def permutation_test(strata, statistic, draws, seed):
    """Two-sided p-value of the mean of statistic(x, y, ...) over strata, with the order of y drawn anew within each stratum.

    Monte Carlo: (1 + draws at least as extreme) / (1 + draws), which is valid for any number of draws.
    """
    source = random.Random(seed)
    observed = abs(mean_within(statistic, strata))
    extreme = 0
    for _ in range(draws):
        drawn = []
        for x, y, *rest in strata:
            y = list(y)
            source.shuffle(y)
            drawn.append((x, y, *rest))
        extreme += abs(mean_within(statistic, drawn)) >= observed - 1e-12
    return (1 + extreme) / (1 + draws)


def bootstrap_interval(strata, statistic, draws, seed, level=0.95):
    """Percentile interval of the mean of statistic over strata; the members of each stratum are drawn with replacement."""
    source = random.Random(seed)
    values = []
    for _ in range(draws):
        drawn = []
        for stratum in strata:
            chosen = [source.randrange(len(stratum[0])) for _ in stratum[0]]
            drawn.append(tuple([one[i] for i in chosen] for one in stratum))
        values.append(mean_within(statistic, drawn))
    values.sort()
    return quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)


def quantile(ordered, share):
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def holm(p_values):
    """Holm's adjusted p-values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[i]))
        adjusted[i] = largest
    return adjusted
