"""The figures as somebody has looked at them, pixel by pixel.

``python -m pytest tests/report/figures/test_images.py --mpl-generate-path
tests/report/figures/baseline`` draws them anew: look at each before it is committed.
"""

from pathlib import Path

import made
import matplotlib
import numpy as np
import pytest
from made_reuse import fit_of_reuse
from matplotlib import pyplot
from matplotlib.figure import Figure

import qqt_bayes as qqt

BASELINE = Path(__file__).with_name("baseline")
TOLERANCE = 4.0
"""Root mean square of differences, of 255 levels of grey: letters and lines that lie a tenth of a
pixel elsewhere, as another processor rounds, make about 1; one that is missing makes 8 or more."""
BUDGETS = "100M:4B:7"
CASES = [
    *(
        (name, "default", 3.3)
        for name in (
            *("fit", "late", "best", "regret", "frontier", "effective"),
            *("utility", "parameters", "plan", "prior"),
        )
    ),
    *((name, "default", 7.0) for name in ("best", "utility", "parameters", "plan", "prior")),
    *(("late", style, 3.3) for style in ("ggplot", "dark_background")),
    ("parameters", "ggplot", 7.0),
]


@pytest.fixture(name="results", scope="module")
def made_results():
    """A fit whose decision has winners, what is undecided, runs on no level, and targets."""
    fit = made.fit(pools=5, spread=0.02, seed=3)
    levels = made.levels(5)[:4]
    late = qqt.decide(fit, levels, "400M:5B:6")
    frontier = qqt.frontier(fit, levels, BUDGETS, [0.6])
    plan = qqt.design(fit, "300M", "200M", levels)
    prior = qqt.prior_predictive(qqt.Fit.of(fit).runs, "utility", "64M:5B:20", draws=1000)
    return {
        "fit": lambda ax: qqt.plot_scaling_curves(fit, ax=ax),
        "late": lambda ax: qqt.plot_scaling_curves(late, fits=fit, ax=ax),
        "best": lambda ax: qqt.plot_probability_best(qqt.decide(fit, levels, BUDGETS), ax=ax),
        "regret": lambda ax: qqt.plot_regret(qqt.decide(fit, levels, BUDGETS), ax=ax),
        "frontier": lambda ax: qqt.plot_frontier(frontier, ax=ax),
        "effective": lambda ax: qqt.plot_effective_samples(fit_of_reuse(3), ax=ax),
        "utility": lambda ax: qqt.plot_utility(fit, ax=ax),
        "parameters": lambda ax: qqt.plot_parameters(fit, ax=ax),
        "plan": lambda ax: qqt.plot_plan(plan, ax=ax),
        "prior": lambda ax: qqt.plot_prior(prior, ax=ax),
    }


@pytest.mark.parametrize(("name", "style", "width"), CASES)
@pytest.mark.mpl_image_compare(
    baseline_dir=str(BASELINE), tolerance=TOLERANCE, style="default", savefig_kwargs={"dpi": 72}
)
def test_it_looks_as_it_did(results, name, style, width) -> Figure:
    with matplotlib.style.context(style), matplotlib.rc_context({"font.size": 8}):
        if width == 7:
            return np.ravel(results[name](None))[0].figure
        figure, ax = pyplot.subplots(figsize=(width, 2.6), layout="constrained")
        results[name](ax)
        return figure


def test_images_are_compared(request: pytest.FixtureRequest) -> None:
    """Without the option all tests above would pass, whatever is drawn."""
    assert request.config.getoption("--mpl")
    assert {path.name for path in BASELINE.glob("*.png")} == {
        f"test_it_looks_as_it_did_{name}-{style}-{width}.png" for name, style, width in CASES
    }


def test_a_line_that_is_missing_is_seen(results, tmp_path) -> None:
    """The tolerance is not so wide that it hides a level."""
    from matplotlib.testing.compare import compare_images

    paths = tmp_path / "with.png", tmp_path / "without.png"
    for path in paths:
        with matplotlib.rc_context({"font.size": 8}):
            figure, ax = pyplot.subplots(figsize=(3.3, 2.6), layout="constrained")
            results["late"](ax)
            if path.stem == "without":
                next(line for line in ax.lines if line.get_label() == "top 1").remove()
            figure.savefig(path, dpi=72)
    assert compare_images(*map(str, paths), tol=TOLERANCE)
