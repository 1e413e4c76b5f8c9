"""Tables drawn from the priors, and priors that lead elsewhere."""

import made
import pytest

from qqt_bayes.calibration.sbc import simulation_based_calibration
from qqt_bayes.errors import InputError
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.tables.runs import read_runs


def test_priors_that_lead_elsewhere():
    """Floors of exp(3): no table that is drawn holds error rates."""
    table = load_model("utility").to_dict()
    table["parameters"]["d"] = {"distribution": "LogNormal", "mu": 3.0, "sigma": 0.1}
    with pytest.raises(InputError, match="Only 0 of 1000 tables"):
        simulation_based_calibration(
            read_runs(*made.tables()), Spec.from_dict(table), replications=1
        )
