"""Coverage where the law is wrong, of every set at both budgets."""

import made
import pytest

from qqt_bayes.calibration import misspecification
from qqt_bayes.tables.runs import read_runs


@pytest.fixture
def losses():
    """Any positive number is a legal loss, so every table drawn is kept, or nearly."""
    return read_runs(*made.tables(), kind="loss")


def test_coverage_elsewhere_asks_every_set_at_both_budgets(losses, monkeypatch):
    """By a fit whose draws are all alike: nothing but departures gives intervals a width."""
    monkeypatch.setattr(
        misspecification, "fit", lambda *_, **__: made.fit(spread=0.0, passed=False)
    )
    found = misspecification.coverage_elsewhere(losses, "utility", "utility", replications=2)
    assert len(found) == 2 * 3 * 2 * 2
    assert found.groupby(["times", "departures"]).size().to_dict() == {
        (times, departures): 6 for times in (1, 4) for departures in (False, True)
    }
    assert (found["failed"] == "rhat").all()
    width = (found["upper"] - found["lower"]).groupby([found["times"], found["departures"]]).mean()
    assert width[1, False] == pytest.approx(0, abs=1e-12)
    assert 1e-6 < width[1, True] < width[4, True]
    between = (found["lower"] <= found["observed"]) & (found["observed"] <= found["upper"])
    assert (found["inside"] == between).all()
