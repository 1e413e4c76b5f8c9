"""Exponentials and logarithms of compiled rows, beside NumPy's."""

import numba
import numpy as np
import pytest

from qqt_bayes.laws.compiled import elementary

NUMBERS = np.concatenate(
    [np.linspace(-750, 750, 3001), np.geomspace(1e-18, 700, 999), -np.geomspace(1e-18, 700, 999)]
)


@numba.njit(error_model="numpy")
def each(which, values):
    found = np.empty_like(values)
    for i in range(values.size):
        if which == 0:
            found[i] = elementary.exp(values[i])
        elif which == 1:
            found[i] = elementary.expm1(values[i])
        else:
            found[i] = elementary.log(values[i])
    return found


def test_exponentials():
    inside = NUMBERS[np.abs(NUMBERS) <= 700]
    np.testing.assert_allclose(each(0, inside), np.exp(inside), rtol=1e-15)
    np.testing.assert_allclose(each(1, inside), np.expm1(inside), rtol=2e-15)


def test_exponentials_beyond_the_range_of_numbers():
    np.testing.assert_array_equal(each(0, np.array([710.0, np.inf])), np.inf)
    assert (each(0, np.array([-710.0, -1e300, -np.inf])) < 1e-300).all()


@pytest.mark.parametrize("sign", [-1, 1])
def test_logarithms(sign):
    positive = np.exp(sign * np.geomspace(1e-12, 700, 2000))
    np.testing.assert_allclose(each(2, positive), np.log(positive), rtol=1e-15, atol=2e-16)
