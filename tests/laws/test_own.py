"""A law from user code is taken or refused with a sentence, and held to the shipped ones' bars."""

import made
import made_law
import numpy as np
import pytest
from written_out import ERROR

import qqt_bayes as qqt
from qqt_bayes.errors import InputError
from qqt_bayes.laws.law import LAWS, utility
from qqt_bayes.laws.own import register_law
from qqt_bayes.model.check_law import check_law
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.tables.runs import read_runs


def wrong(n, U, xp, *, top, rate, floor):
    return floor + top * np.interp(rate * xp.sqrt(n), [0.0, 1.0], [1.0, 0.0])  # np, not xp


@pytest.mark.parametrize(
    ("name", "formula", "numbers", "why"),
    [
        ("utility", made_law.fading, None, "'utility' is a shipped law"),
        ("My law", made_law.fading, None, "small letters, digits and hyphens"),
        ("mine", "exp(-n)", None, "formula: expected a function, got str"),
        ("mine", made_law.fading, {}, "expected a mapping of names"),
        ("mine", made_law.fading, {"top": "any"}, "top: expected one of real, positive"),
        ("mine", made_law.fading, {"sigma": "positive"}, "the name 'sigma' is in use"),
        ("mine", made_law.fading, {"a": "real", "a_mu": "real"}, "the prior of a may have"),
        ("mine", made_law.fading, {"tau": "positive"}, "tau and size_exponent go together"),
        ("mine", made_law.fading, {"top": "positive"}, "it is called as formula.n, U, xp, top."),
        ("mine", lambda n, U, xp, *, x: n / 0 + missing, {"x": "real"}, "fails with"),  # noqa: F821
        ("mine", lambda n, U, xp, *, x: "no", {"x": "real"}, "fails with|expected real numbers"),
    ],
)
def test_what_is_no_law_is_refused(name, formula, numbers, why):
    before = dict(LAWS)
    with pytest.raises(InputError, match=why):
        register_law(name, formula, made_law.NUMBERS if numbers is None else numbers)
    assert before == LAWS


def test_derivatives_are_by_means():
    with pytest.raises(InputError, match="which over_pools leaves to the formula"):
        register_law(
            "mine", utility, made_law.NUMBERS, derivatives=made_law.slopes, over_pools=True
        )


@pytest.mark.parametrize(
    ("more", "priors", "oracle"),
    [
        ({"derivatives": made_law.slopes}, {}, made_law.written_out),
        ({}, {}, made_law.written_out),
        (
            {
                "formula": made_law.halving,
                "numbers": made_law.NUMBERS | made_law.HALVING,
                "derivatives": made_law.halving_slopes,
            },
            made_law.HALVES,
            made_law.halving_written_out,
        ),
    ],
)
def test_a_law_of_ones_own_passes(more, priors, oracle):
    with made_law.registered(**more):
        found = check_law(made_law.spec(**priors), oracle, points=20).set_index("check")
    assert found["passed"].all()
    assert {"finite", "pytensor", "levels", "slopes", "oracle"} <= set(found.index)
    assert ("derivatives" in found.index) == ("derivatives" in more)


@pytest.mark.parametrize("model", qqt.list_models())
def test_shipped_laws_pass_the_same(model):
    written = ERROR.get(load_model(model).law)

    def oracle(theta, taken, pool_size, seen):
        return written(theta, taken, pool_size, seen, theta.get("size_exponent", [1.0])[0])

    assert check_law(model, oracle if written else None, points=5)["passed"].all()


def failed(spec, oracle=None, **more):
    with made_law.registered(**more):
        found = check_law(Spec.from_dict(spec), oracle, points=5).set_index("check")["passed"]
    return set(found.index[~found])


def test_what_is_wrong_shows():
    def other(theta, taken, pool_size, seen):
        return made_law.written_out(theta, taken, pool_size, seen) + 1e-6

    def no_number(n, U, xp, *, top, rate, floor):
        return floor + top * xp.log(-rate * n)

    def slopes(n, U, top, rate, floor):
        error, by_top, by_rate, by_floor = made_law.slopes(n, U, top, rate, floor)
        return error, by_top, 1.001 * by_rate, by_floor

    assert failed(made_law.table(), other) == {"oracle"}
    assert failed(made_law.table(), formula=no_number) == {"finite"}
    assert failed(made_law.table(), derivatives=slopes) == {"derivatives"}


def test_what_fails_is_said():
    with pytest.raises(InputError, match=r"the formula fails with .* the functions of xp"):
        failed(made_law.table(), formula=wrong)
    with pytest.raises(InputError, match="oracle: fails with KeyError: 'no such'"):
        failed(made_law.table(), lambda theta, *rest: theta["no such"])
    with pytest.raises(InputError, match="derivatives should be the error and one number for each"):
        failed(made_law.table(), derivatives=lambda n, U, top, rate, floor: (top, rate))


def test_a_law_that_joins_pools_itself_is_the_shipped_one():
    """The law of the paper, registered as a user would."""
    numbers = {"a": "positive", "b": "positive", "d": "non-negative"} | made_law.HALVING
    table = load_model("utility").to_dict() | {"law": made_law.NAME}
    with made_law.registered(utility, numbers, over_pools=True):
        own, shipped = Spec.from_dict(table), load_model("utility")
        runs = read_runs(*made.tables())
        found, expected = (curves_of(spec, runs) for spec in (own, shipped))
        assert check_law(own, points=5)["passed"].all()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def curves_of(spec, runs):
    from qqt_bayes.model.curves import curves
    from qqt_bayes.model.draws import prior_draws
    from qqt_bayes.model.problem import Problem

    problem = Problem(spec, runs)
    return curves(problem, prior_draws(problem, 0, 10))


def test_a_specification_of_an_unknown_law_says_how_to_register_it():
    with pytest.raises(InputError, match=r"known after qqt_bayes.register_law"):
        made_law.spec()


def test_runs_with_replacement_and_known_parameters_are_for_shipped_laws():
    table, taken = made.tables()
    drawn = read_runs(table, taken, replacement=True)
    with made_law.registered(derivatives=made_law.slopes):
        with pytest.raises(InputError, match="drawn without replacement"):
            qqt.fit(drawn, made_law.spec(), draws=4)
        with pytest.raises(InputError, match="tables of known parameters are for shipped laws"):
            qqt.predict_known(
                made.truth().isel(group=0, drop=True), made.levels(), [1e8], law="fading"
            )
        with pytest.raises(InputError, match="the workers of a cluster do not know it"):
            list(qqt.fit_many([read_runs(table, taken)], made_law.spec(), dask="tcp://nowhere:1"))
