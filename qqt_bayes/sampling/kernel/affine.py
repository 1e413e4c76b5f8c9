r"""An affine map before the compiled log density: ``u = m + L z``, and z is what is sampled.

With m the mode of the posterior and the columns of L the principal axes of its covariance by
Laplace's method, z has about unit scale in every direction, also where parameters trade against
each other.  The map is linear, so the density of z is that of u up to a constant.
"""

from __future__ import annotations

from qqt_bayes.sampling.kernel.memory import kernel


@kernel
def move(affine, z, u):
    """The point u of a point z."""
    size, centre, root = affine.size, affine.centre, affine.root
    for i in range(size):
        u[i] = centre[i]
        for j in range(size):
            u[i] += root[i * size + j] * z[j]


@kernel
def pull_move(affine, by_u, by_z):
    """From the derivatives by u to those by z."""
    size, root = affine.size, affine.root
    for j in range(size):
        by_z[j] = 0.0
    for i in range(size):
        for j in range(size):
            by_z[j] += root[i * size + j] * by_u[i]
