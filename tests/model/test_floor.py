"""The floor along its line: all of its support, the law's profile, and no step too long."""

import numpy as np
import pytest

from qqt_bayes.model.floor import fit_line, on_line


@pytest.mark.parametrize("support", [(0.0, 0.5), (0.0, np.inf), (0.2, 3.0)])
def test_a_floor_reaches_all_of_its_support_and_no_more(support):
    """Up and up, to the ends of the support, and the derivative by central differences."""
    floor = np.linspace(0.25, 0.4, 9)
    line = fit_line(floor, ((floor - 0.3) / 0.04) ** 2 / 2, 0.45, 0.01, support)
    u = np.linspace(-30, 30, 60)
    at, log_derivative = on_line(u, line, support, np)
    assert (np.diff(at) > 0).all()
    assert at[0] == pytest.approx(support[0], abs=1e-3)
    assert support[0] < at[0]
    assert at[-1] < support[1]
    far, _ = on_line(np.array(1e9), line, support, np)
    assert far == pytest.approx(min(support[1], far), rel=1e-5)
    assert far > 0.49
    up, down = (on_line(u + sign * 1e-5, line, support, np)[0] for sign in (1, -1))
    np.testing.assert_allclose(log_derivative, np.log((up - down) / 2e-5), atol=1e-3)


def test_the_line_makes_a_floor_normal():
    """Where the profile is a normal density, equal steps along the line are equal steps of it."""
    floor = np.linspace(0.2, 0.4, 41)
    line = fit_line(floor, ((floor - 0.3) / 0.02) ** 2 / 2, 0.8, 0.01, (0.0, np.inf))
    u = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    at, _ = on_line(u, line, (0.0, np.inf), np)
    np.testing.assert_allclose(at, 0.3 + 0.02 * u, atol=0.003)


@pytest.mark.parametrize("noise", [0.001, 0.01])
def test_beyond_the_least_error_a_unit_moves_the_floor_by_the_noise(noise):
    """Below it, as the profile says; where errors cannot follow, no step must be too long."""
    floor = np.linspace(0.1, 0.5, 41)
    line = fit_line(floor, ((floor - 0.3) / 0.1) ** 2 / 2, 0.45, noise, (0.0, np.inf))
    u = np.linspace(-3, 60, 1000)
    step = np.diff(on_line(u, line, (0.0, np.inf), np)[0]) / np.diff(u)
    assert step.max() > 0.08
    assert step[-1] == pytest.approx(noise, rel=0.02)
