"""What the compiled log density does not have is compiled by PyMC, and that is said."""

import made
import numpy as np
import pytest

from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import load_model
from qqt_bayes.sampling import inference
from qqt_bayes.sampling.kernel.plan import lay_out
from qqt_bayes.sampling.nutpie_adapter import Density, from_kernel
from qqt_bayes.tables.runs import read_runs


# Without C, as in these tests, PyTensor fuses fewer steps than it would like, and says so.
@pytest.mark.filterwarnings("ignore:Loop fusion failed:UserWarning")
def test_a_law_that_is_not_compiled_is_left_to_pymc(monkeypatch):
    problem = Problem(load_model("power-law"), read_runs(*made.tables()))
    ours = Density(from_kernel(lay_out(problem, None)))
    monkeypatch.setattr(inference, "covers", lambda spec: False)
    with pytest.warns(UserWarning, match="power-law: the law power-law has no compiled log dens"):
        theirs = Density(inference._compiled(problem, None))
    assert theirs.size == ours.size
    names = ["a", "b", "d", "sigma"]
    values = theirs.variables(np.full((1, 1, theirs.size), 0.1))
    assert set(names) <= set(values)
    assert np.isfinite(theirs(np.full(theirs.size, 0.1))[0])
