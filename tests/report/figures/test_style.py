"""Colours that are told apart and labels that do not overlap."""

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qqt_bayes.report.figures.labels import spread
from qqt_bayes.report.figures.style import ink_on, palette


def test_palette_is_ordered_in_lightness_and_visible_on_white() -> None:
    lightness = palette(8)[:, :3] @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness) > 0).all()
    assert lightness.max() < 0.8
    assert ink_on(palette(8)[0]) == "white"
    assert ink_on(palette(8)[-1]) == "black"


@pytest.mark.parametrize("count", range(2, 17))
def test_neighbours_are_told_apart(count: int) -> None:
    """By more than viridis tells eight levels apart: a distance in sRGB, from light to hue."""
    apart = np.linalg.norm(np.diff(palette(count)[:, :3], axis=0), axis=1)
    eight = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.88, 8))[:, :3]
    assert apart.min() > np.linalg.norm(np.diff(eight, axis=0), axis=1).min()


def test_on_a_dark_ground_colours_are_light() -> None:
    with matplotlib.style.context("dark_background"):
        lightness = palette(8)[:, :3] @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness) > 0).all()
    assert lightness.min() > 0.3


def test_a_colour_map_of_the_user_is_taken() -> None:
    with matplotlib.rc_context({"image.cmap": "magma"}):
        first = palette(3)[0]
    np.testing.assert_array_equal(first, matplotlib.colormaps["magma"](0.05))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_spread_keeps_order_gap_and_bounds(places: list[float]) -> None:
    moved = spread(places, 0.1, 0, 1)
    ordered = moved[np.argsort(places, kind="stable")]
    assert (np.diff(ordered) >= 0.1 - 1e-9).all()
    assert -1e-9 <= ordered[0] <= ordered[-1] <= 1 + 1e-9


def test_spread_leaves_alone_what_has_room() -> None:
    np.testing.assert_allclose(spread([0.9, 0.1, 0.5], 0.1, 0, 1), [0.9, 0.1, 0.5])
