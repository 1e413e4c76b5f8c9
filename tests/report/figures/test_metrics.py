"""The figure of a decision over several metrics: its cells, and odd numbers of everything."""

import made
import pytest
from matplotlib.patches import Rectangle

from qqt_bayes.decisions.among import NONE
from qqt_bayes.decisions.metrics import decide_metrics
from qqt_bayes.report.figures.files import write_of_metrics
from qqt_bayes.report.figures.metrics import choices_by_metric


def fits(count=2, **asked):
    names = ["imagenet", "retrieval of a very long name, longer than any", *map(str, range(count))]
    return {name: made.fit(draws=20, seed=seed, **asked) for seed, name in enumerate(names[:count])}


def test_each_cell_is_a_choice_with_its_probability():
    found = decide_metrics(
        fits(), made.levels(), [64e6, 1.28e9], constraints=["imagenet<=0.62@0.9"]
    )
    [axes] = choices_by_metric(found).axes
    cells = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    expected = [*found["joint_choice"].values, *found["choice"].values.ravel()]
    assert [cell.get_label() for cell in cells] == expected
    assert expected[0] == NONE
    words = [text.get_text() for text in axes.texts]
    assert words[0] == "none"
    assert words[1] == f"{found['joint_probability_best'].sel(level='top 3').values[1]:.2f}"
    assert axes.texts[1].get_fontweight() == "bold"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["top 2", "top 3"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["64M", "1.28B"]


@pytest.mark.parametrize(("metrics", "levels", "budgets"), [(1, 1, "64M"), (12, 14, "1M:8T:30")])
def test_few_and_many(metrics, levels, budgets, tmp_path):
    found = decide_metrics(fits(metrics, pools=levels), made.levels(levels), budgets)
    paths = write_of_metrics(found, tmp_path)
    assert [path.name for path in paths] == ["choices_by_metric.png", "choices_by_metric.svg"]


def test_each_group_has_its_own(tmp_path):
    found = decide_metrics(fits(groups=2, model="cherti"), made.levels(), "1B")
    names = [path.name for path in write_of_metrics(found, tmp_path)]
    assert names[0] == "choices_by_metric-arch-1.png"
    assert len(names) == 4
