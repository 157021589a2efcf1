"""Least squares, Student's t and a mixed model with one random intercept, for studies. Python's standard library alone."""

import math


def solve(matrix, right):
    """x of matrix x = right, by elimination with pivots. ValueError for a singular matrix."""
    n = len(right)
    rows = [list(row) + [value] for row, value in zip(matrix, right)]
    for column in range(n):
        pivot = max(range(column, n), key=lambda r: abs(rows[r][column]))
        if abs(rows[pivot][column]) < 1e-12:
            raise ValueError("the matrix is singular")
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for r in range(n):
            if r == column:
                continue
            factor = rows[r][column] / rows[column][column]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[column])]
    return [rows[i][n] / rows[i][i] for i in range(n)]


def inverse(matrix):
    n = len(matrix)
    columns = [solve(matrix, [float(i == j) for i in range(n)]) for j in range(n)]
    return [[columns[j][i] for j in range(n)] for i in range(n)]


def slope(x, y):
    """Of the least-squares line of y on x."""
    mean_x, mean_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    return math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / math.fsum((a - mean_x) ** 2 for a in x)


def t_cumulative(t, freedom):
    """P(T <= t) of Student's distribution, by Simpson's rule on the density with t = tan(angle) * sqrt(freedom)."""
    # Under that substitution the density becomes proportional to cos(angle) ** (freedom - 1) on (-pi/2, pi/2).
    steps = 2000
    end = math.atan(t / math.sqrt(freedom))

    def integral(to):
        width = to / steps
        values = [math.cos(i * width) ** (freedom - 1) for i in range(steps + 1)]
        return width / 3 * (values[0] + values[-1] + 4 * math.fsum(values[1:-1:2]) + 2 * math.fsum(values[2:-1:2]))

    return 0.5 + integral(end) / (2 * integral(math.pi / 2))


def t_quantile(share, freedom):
    low, high = -1e4, 1e4
    for _ in range(100):
        middle = (low + high) / 2
        if t_cumulative(middle, freedom) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def paired_differences(differences, level=0.95):
    """Mean, t interval and two-sided p-value of differences that would be 0 on average if nothing differed. At least two of them."""
    n = len(differences)
    middle = math.fsum(differences) / n
    deviation = math.sqrt(math.fsum((d - middle) ** 2 for d in differences) / (n - 1))
    error = deviation / math.sqrt(n)
    half = t_quantile((1 + level) / 2, n - 1) * error
    p = 2 * (1 - t_cumulative(abs(middle) / error, n - 1)) if error > 0 else float(middle == 0)
    return {"mean": middle, "low": middle - half, "high": middle + half, "p": p, "n": n}


def standardised(values):
    """With mean 0 and standard deviation 1."""
    middle = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((v - middle) ** 2 for v in values) / (len(values) - 1))
    return [(v - middle) / deviation for v in values]


def _restricted_likelihood(ratio, columns, y, groups):
    """Minus twice the restricted log likelihood (up to a constant), coefficients, their covariance, the residual variance.

    The covariance of y is residual * (I + ratio * same group); its inverse within a group of n is I - ratio / (1 + n ratio) * ones.
    """
    members = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)

    def product(a, b):
        total = math.fsum(p * q for p, q in zip(a, b))
        for indices in members.values():
            shrink = ratio / (1 + len(indices) * ratio)
            total -= shrink * math.fsum(a[i] for i in indices) * math.fsum(b[i] for i in indices)
        return total

    information = [[product(a, b) for b in columns] for a in columns]
    coefficients = solve(information, [product(a, y) for a in columns])
    rest = [value - math.fsum(c * column[i] for c, column in zip(coefficients, columns)) for i, value in enumerate(y)]
    freedom = len(y) - len(columns)
    variance = product(rest, rest) / freedom
    log_determinant = math.fsum(math.log(1 + len(indices) * ratio) for indices in members.values())
    unit = inverse(information)
    covariance = [[variance * value for value in row] for row in unit]
    return freedom * math.log(variance) + log_determinant - _log_determinant(unit), coefficients, covariance, variance


def _log_determinant(matrix):
    """Of a positive definite matrix."""
    rows = [list(row) for row in matrix]
    total = 0.0
    for i in range(len(rows)):
        total += math.log(rows[i][i])
        for r in range(i + 1, len(rows)):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    return total


def random_intercept(predictors, y, groups):
    """y = intercept + predictors + (1 | group), by restricted maximum likelihood.

    `predictors`: name -> list. Returns name -> {estimate, error, low, high} (Wald, 95 %), and "variance_ratio" of the groups to the rest.
    """
    columns = [[1.0] * len(y)] + list(predictors.values())
    ratios = [0.0] + [10 ** (exponent / 20) for exponent in range(-80, 81)]
    ratio = min(ratios, key=lambda r: _restricted_likelihood(r, columns, y, groups)[0])
    _, coefficients, covariance, _ = _restricted_likelihood(ratio, columns, y, groups)
    result = {"variance_ratio": ratio}
    for i, name in enumerate(["intercept"] + list(predictors)):
        error = math.sqrt(covariance[i][i])
        result[name] = {"estimate": coefficients[i], "error": error, "low": coefficients[i] - 1.96 * error, "high": coefficients[i] + 1.96 * error}
    return result
