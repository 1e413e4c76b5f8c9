"""Colours that are told apart and labels that do not overlap."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qqt_bayes.report.figures.style import ink_on, palette, spread


def test_palette_is_ordered_in_lightness_and_visible_on_white() -> None:
    lightness = palette(8)[:, :3] @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness) > 0).all()
    assert lightness.max() < 0.8
    assert ink_on(palette(8)[0]) == "white"
    assert ink_on(palette(8)[-1]) == "black"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_spread_keeps_order_gap_and_bounds(places: list[float]) -> None:
    moved = spread(places, 0.1, 0, 1)
    ordered = moved[np.argsort(places, kind="stable")]
    assert (np.diff(ordered) >= 0.1 - 1e-9).all()
    assert -1e-9 <= ordered[0] <= ordered[-1] <= 1 + 1e-9


def test_spread_leaves_alone_what_has_room() -> None:
    np.testing.assert_allclose(spread([0.9, 0.1, 0.5], 0.1, 0, 1), [0.9, 0.1, 0.5])
