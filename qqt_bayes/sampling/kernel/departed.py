r"""The likelihood with a discrepancy in the compiled log density.

The mathematics is that of `qqt_bayes.model.discrepancy` and `qqt_bayes.model.conditioning`, by
cells.  With r the residuals of log errors and v the variances of their noise, a cell has the mean
residual ``R = V sum(r / v)``, whose noise has the variance ``V = 1 / sum(1 / v)``; about it the
runs of a cell are independent.  With ``S = (s^2 K + diag(V))^-1``, ``b = S R`` the log density is

``-(sum((r - R)^2 / v + log v) - sum(log V)) / 2 - (R' b - log |S|) / 2``.

The second part has the derivatives ``-b`` by R, ``(b^2 - diag(S)) / 2`` by V and
``s (b' K b - tr(S K))`` by s; with ``dR/dv = -V (r - R) / v^2`` and ``dV/dv = V^2 / v^2`` all
others follow.
"""

from __future__ import annotations

import math

from qqt_bayes.model.priors import HALF_LOG_2_PI
from qqt_bayes.sampling.kernel.memory import kernel, part, summing


@summing
def factor(size, matrix):
    """Replace the upper triangle of a matrix by U, ``matrix = U'U``; the log of its determinant.

    Not a number where the matrix is not positive definite.
    """
    total = 0.0
    for j in range(size):
        pivot = math.sqrt(matrix[j * size + j])
        total += 2 * math.log(pivot)
        for k in range(j, size):
            matrix[j * size + k] /= pivot
        for i in range(j + 1, size):
            above = matrix[j * size + i]
            for k in range(i, size):
                matrix[i * size + k] -= above * matrix[j * size + k]
    return total


@summing
def invert(size, upper, lower, inverse):
    """From U of `factor` to the lower triangle of ``(U'U)^-1``, by way of ``U'^-1`` (`lower`)."""
    for i in range(size):
        for m in range(i + 1):
            lower[i * size + m] = 0.0
        for k in range(i):
            above = upper[k * size + i]
            for m in range(k + 1):
                lower[i * size + m] -= above * lower[k * size + m]
        pivot = upper[i * size + i]
        for m in range(i):
            lower[i * size + m] /= pivot
        lower[i * size + i] = 1 / pivot
        for j in range(i + 1):
            inverse[i * size + j] = 0.0
    for m in range(size):
        for i in range(m + 1):
            left = lower[m * size + i]
            for j in range(i + 1):
                inverse[i * size + j] += left * lower[m * size + j]


@summing
def product(size, lower, vector, to):
    """A symmetric matrix, given by its lower triangle, times a vector."""
    for i in range(size):
        to[i] = 0.0
    for i in range(size):
        below = 0.0
        for j in range(i):
            below += lower[i * size + j] * vector[j]
            to[j] += lower[i * size + j] * vector[i]
        to[i] += below + lower[i * size + i] * vector[i]


@summing
def trace_of_product(size, one, other):
    """The trace of the product of two symmetric matrices, given by their lower triangles."""
    total = 0.0
    for i in range(size):
        for j in range(i):
            total += 2 * one[i * size + j] * other[i * size + j]
        total += one[i * size + i] * other[i * size + i]
    return total


@kernel
def by_cells(noise, departed, noise_places, places, value, work):
    """Residuals and variances of the runs and of the cells; the log density of runs about cells."""
    cells, cell, training = departed.cells, departed.cell, noise.training
    log_error, scale, known = departed.log_error, departed.scale, noise.known
    mean, scatter = part(work, noise_places.mean), part(work, noise_places.scatter)
    residual, variance = part(work, places.residual), part(work, places.variance)
    of_cell, of_mean = part(work, places.of_cell), part(work, places.of_mean)
    total = -HALF_LOG_2_PI * noise.runs
    for c in range(cells):
        of_cell[c], of_mean[c] = 0.0, 0.0
    for i in range(noise.runs):
        own = 1 - value[noise.common[i]] if training[i] >= 0 else 1.0
        v = (scatter[i] * own + known[i]) * scale[i] * scale[i]
        residual[i], variance[i] = log_error[i] - math.log(mean[i]), v
        of_cell[cell[i]] += residual[i] / v
        of_mean[cell[i]] += 1 / v
    for c in range(cells):
        of_mean[c] = 1 / of_mean[c]
        of_cell[c] *= of_mean[c]
        total += math.log(of_mean[c]) / 2
    for i in range(noise.runs):
        off = residual[i] - of_cell[cell[i]]
        total += math.log(scale[i]) - (off * off / variance[i] + math.log(variance[i])) / 2
    return total


@kernel
def invert_cells(departed, places, amplitude, work):
    """``S R`` of the cells and the derivative by V; the log density and its derivative by s."""
    cells, unit = departed.cells, departed.covariance
    of_cell, of_mean = part(work, places.of_cell), part(work, places.of_mean)
    weight, by_of_mean = part(work, places.weight), part(work, places.of_mean_adjoint)
    matrix, lower = part(work, places.matrix), part(work, places.lower)
    inverse = part(work, places.inverse)
    for i in range(cells * cells):
        matrix[i] = amplitude * amplitude * unit[i]
    for c in range(cells):
        matrix[c * cells + c] += of_mean[c]
    log_determinant = factor(cells, matrix)
    invert(cells, matrix, lower, inverse)
    product(cells, inverse, of_cell, weight)
    product(cells, unit, weight, lower)
    distance, curved = 0.0, 0.0
    for c in range(cells):
        distance += of_cell[c] * weight[c]
        curved += lower[c] * weight[c]
        by_of_mean[c] = (weight[c] * weight[c] - inverse[c * cells + c]) / 2
    by_amplitude = amplitude * (curved - trace_of_product(cells, inverse, unit))
    return -(distance + log_determinant) / 2, by_amplitude


@summing
def turn_cells(departed, places, amplitude, work):
    """The same where one turn serves all points, and V is t times W."""
    cells, turn, eigenvalue = departed.cells, departed.turn, departed.eigenvalue
    noise = departed.noise
    of_cell, of_mean = part(work, places.of_cell), part(work, places.of_mean)
    weight, by_of_mean = part(work, places.weight), part(work, places.of_mean_adjoint)
    log_size, log_noise = 0.0, 0.0
    for c in range(cells):
        weight[c] = 0.0
        log_noise += math.log(noise[c])
        log_size += math.log(of_mean[c])
    size = math.exp((log_size - log_noise) / cells)
    total, by_size, by_amplitude = -log_noise / 2, 0.0, 0.0
    for k in range(cells):
        turned = 0.0
        for c in range(cells):
            turned += turn[k * cells + c] * of_cell[c]
        variance = size + amplitude * amplitude * eigenvalue[k]
        scaled = turned / variance
        total -= (turned * scaled + math.log(variance)) / 2
        steeper = scaled * scaled - 1 / variance
        by_size += steeper / 2
        by_amplitude += amplitude * eigenvalue[k] * steeper
        for c in range(cells):
            weight[c] += turn[k * cells + c] * scaled
    for c in range(cells):
        by_of_mean[c] = by_size * size / (cells * of_mean[c])
    return total, by_amplitude


@kernel
def departed_likelihood(noise, departed, noise_places, places, value, adjoint, work):
    """Log density of what was observed; adjoints of the means, the variances and the amplitude."""
    cell, training = departed.cell, noise.training
    scale, slot = departed.scale, departed.amplitude[0]
    residual, variance = part(work, places.residual), part(work, places.variance)
    of_cell, of_mean = part(work, places.of_cell), part(work, places.of_mean)
    weight, by_of_mean = part(work, places.weight), part(work, places.of_mean_adjoint)
    mean, by_mean = part(work, noise_places.mean), part(work, noise_places.mean_adjoint)
    scatter = part(work, noise_places.scatter)
    by_scatter = part(work, noise_places.scatter_adjoint)
    total = by_cells(noise, departed, noise_places, places, value, work)
    if departed.turned > 0:
        between, by_amplitude = turn_cells(departed, places, value[slot], work)
    else:
        between, by_amplitude = invert_cells(departed, places, value[slot], work)
    adjoint[slot] += by_amplitude
    for i in range(noise.runs):
        c, v = cell[i], variance[i]
        off, share = (residual[i] - of_cell[c]) / v, of_mean[c] / v
        by_mean[i] = (off + share * weight[c]) / mean[i]
        by_variance = (off * off - 1 / v) / 2 + share * weight[c] * off
        by_variance += (by_of_mean[c] + 1 / (2 * of_mean[c])) * share * share
        by_variance *= scale[i] * scale[i]
        own = 1 - value[noise.common[i]] if training[i] >= 0 else 1.0
        by_scatter[i] += by_variance * own
        if training[i] >= 0:
            adjoint[noise.common[i]] -= by_variance * scatter[i]
    return total + between
