"""The law of effective reuse: its formula written out, its combinations and its limits."""

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from made_pools import SIZES

import qqt_bayes as qqt
from qqt_bayes.calibration.simulate import simulate_runs
from qqt_bayes.decisions.enumeration import all_subsets
from qqt_bayes.errors import InputError
from qqt_bayes.laws.law import LAWS
from qqt_bayes.laws.mixture import mixture_error
from qqt_bayes.laws.subset_curves import WholePools
from qqt_bayes.model.spec import Spec, load_model
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.prediction import predict_known
from qqt_bayes.tables.composition import nested_levels
from qqt_bayes.tables.parameters import read_parameters
from qqt_bayes.tables.runs import read_runs

LAW, OVERFIT = LAWS["effective-reuse"], LAWS["effective-reuse-overfit"]
SLOW = LAWS["effective-reuse-onset"]
SHARED = {
    "R": 4.2,
    "zeta": 0.6,
    "g": -0.1,
    "k": 3.0,
    "rho": 0.05,
    "z2": 0.1,
    "alpha": 0.35,
    "A": 0.4,
    "d": 0.1,
    "reference": 3e6,
    "typical_size": 1e6,
    "chance_error": 1.0,
}
RISE = {"omega": 1.5, "memory": 3.0}
ONSET = {"B": 0.8, "onset": 0.4, "stretch": 1.3}
TERMS = [{}, RISE, ONSET]
Q, R_OF_POOLS, TAKEN = [0.6, 0.1, -0.7], [0.2, -0.3, 0.1], [1e6, 2.5e6, 4e5]
BUDGETS = np.array([2e5, 1e6, 3e6, 2e7, 4e8])


def written_out(
    q, r, taken, seen, R, zeta, g, k, rho, z2, alpha, A, d, omega=0, memory=1, **others
):
    """One training set at one budget, in plain numbers."""
    total = sum(taken)
    weight = [u / total for u in taken]
    quality = [math.exp(x) for x in q]
    stands = [R * math.exp(zeta * x + y) for x, y in zip(q, r, strict=True)]
    mean = sum(w * x for w, x in zip(weight, quality, strict=True))
    stood = sum(w * x * y for w, x, y in zip(weight, quality, stands, strict=True)) / mean
    stood *= (total / others["typical_size"]) ** g
    kept = min(0.95, rho + z2 * math.log(mean))
    epochs = seen / total
    effective = total * mean * epochs * (1 + (epochs / (1 + stood)) ** k) ** (-(1 - kept) / k)
    memorised = (epochs / (memory * (1 + stood))) ** 2
    effective *= math.exp(-omega * memorised / (1 + memorised))
    at, c = effective / others["reference"], others["chance_error"]
    waits = others.get("B", 0) * math.exp(
        -((at / others.get("onset", 1)) ** others.get("stretch", 1))
    )
    if math.isinf(c):
        return d + A * at**-alpha + waits
    scale = 1 / (((c - d) / A) ** (1 / alpha) - 1)  # D_c in units of the reference
    y = d + (c - d) * (1 + at / scale) ** -alpha
    return y + (c - y) * waits


def law_of(parameters):
    return OVERFIT if "omega" in parameters else SLOW if "B" in parameters else LAW


def errors(q=Q, r=R_OF_POOLS, taken=TAKEN, budgets=BUDGETS, **changes):
    shared = {name: [[value]] for name, value in (SHARED | changes).items()}
    draws = shared | {"Q": [q], "r": [r]}
    return mixture_error(law_of(changes), draws, taken, taken, budgets)[0]


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("changes", [{}, {"chance_error": 0.9}, {"chance_error": math.inf, "A": 3}])
@pytest.mark.parametrize("pools", [1, 2, 3])
def test_mixture_is_the_formula_written_out(pools, changes, term):
    some = Q[:pools], R_OF_POOLS[:pools], TAKEN[:pools]
    expected = [written_out(*some, seen, **SHARED | changes | term) for seen in BUDGETS]
    np.testing.assert_allclose(errors(*some, **changes, **term), expected, rtol=1e-12)


@pytest.mark.parametrize("chance", [0.9, math.inf])
def test_without_a_rise_it_is_the_law_without_the_term(chance):
    found = errors(omega=0.0, memory=0.5, chance_error=chance)
    np.testing.assert_array_equal(found, errors(chance_error=chance))


@pytest.mark.parametrize("chance", [0.9, math.inf])
def test_what_is_memorised_costs_a_factor_of_effective_samples_at_most(chance):
    """Fresh data lose nothing; without end repeated they lose a factor exp(omega)."""
    one = {"q": [0.0], "r": [0.0], "chance_error": chance}
    constant = {"k": 40.0, "rho": 0.0, "g": 0.0, "R": 4.0}  # after the knee D is U (1 + R)
    fresh = errors(taken=[1e12], budgets=[1e7], **one, omega=3.0, memory=1.0)
    np.testing.assert_allclose(fresh, errors(taken=[1e12], budgets=[1e7], **one), rtol=1e-8)
    found = errors(taken=[1e6], budgets=[2e13], **one, **constant, **RISE)
    left = errors(taken=[1e12], budgets=[5e6 * math.exp(-1.5)], **one, **constant)
    np.testing.assert_allclose(found, left, rtol=1e-6)
    budgets = np.geomspace(1, 1e15, 300)
    steep = errors(taken=[1e6], budgets=budgets, **one, **constant, omega=8.0, memory=1.0)
    assert ((steep > 0.1) & (steep < chance)).all()
    assert (np.diff(steep) > 0).any() and (np.diff(steep)[budgets[1:] < 1e6] < 0).all()


def test_half_of_what_is_lost_is_lost_at_memory_times_the_epochs_that_a_set_stands():
    """Whatever its size: a Hill function of epochs."""
    one = {"q": [0.0], "r": [0.0], "chance_error": math.inf, "d": 0.0, "g": 0.0, "R": 4.0}
    for size in (1e4, 1e6):
        epochs = 5 * 3.0 * size * np.ones(1)
        found = errors(taken=[size], budgets=epochs, **one, **RISE)
        without = errors(taken=[size], budgets=epochs, **one)
        np.testing.assert_allclose(found / without, math.exp(0.35 * 1.5 / 2), rtol=1e-12)


@pytest.mark.parametrize("chance", [0.9, math.inf])
def test_a_slow_start_comes_down_from_chance_to_the_law_without_the_term(chance):
    one = {"q": [0.0], "r": [0.0], "taken": [1e15], "chance_error": chance}
    budgets = np.geomspace(1e3, 1e11, 400)
    slow, without = errors(budgets=budgets, **one, **ONSET), errors(budgets=budgets, **one)
    late = budgets > 100 * ONSET["onset"] * SHARED["reference"]
    np.testing.assert_array_equal(slow[late], without[late])
    assert (slow >= without).all() and (slow <= chance).all() and (np.diff(slow) < 0).all()
    at_start = slow[0] - without[0]
    expected = 0.8 if math.isinf(chance) else 0.8 * (chance - without[0])
    assert at_start == pytest.approx(expected, rel=1e-3)
    none = errors(budgets=budgets, **one, **ONSET | {"B": 0.0})
    np.testing.assert_array_equal(none, without)


@pytest.mark.parametrize("chance", [1.0, math.inf])
def test_fresh_data_count_by_their_quality(chance):
    """Below an epoch, with a knee so sharp that nothing is lost there, D is n q."""
    budgets = np.array([0.1, 0.5, 1.0]) * sum(TAKEN)
    found = errors(budgets=budgets, k=40.0, R=50.0, chance_error=chance)
    quality = np.average(np.exp(Q), weights=TAKEN)
    typical = errors([0.0], [0.0], [1e15], budgets * quality, k=40.0, chance_error=chance)
    np.testing.assert_allclose(found, typical, rtol=1e-9)


@pytest.mark.parametrize("chance", [1.0, 0.7, math.inf])
def test_the_reference_is_where_an_error_is_a_above_the_floor(chance):
    one = {"q": [0.0], "r": [0.0], "taken": [1e12], "chance_error": chance}
    assert errors(budgets=[3e6], **one) == pytest.approx(0.5, rel=1e-9)


def test_error_rates_start_at_chance_and_end_at_the_floor():
    ends = errors([0.0], [0.0], [1e30], [1e-6, 1e25], chance_error=0.9)
    np.testing.assert_allclose(ends, [0.9, 0.1], atol=1e-5)
    assert (np.diff(errors(budgets=np.geomspace(1, 1e12, 200))) < 0).all()


@pytest.mark.parametrize("term", TERMS)
def test_order_and_division_of_pools_do_not_matter(term):
    order = [2, 0, 1]
    turned = ([x[i] for i in order] for x in (Q, R_OF_POOLS, TAKEN))
    np.testing.assert_allclose(errors(*turned, **term), errors(**term), rtol=1e-13)
    halves = [*Q, Q[2]], [*R_OF_POOLS, R_OF_POOLS[2]], [*TAKEN[:2], TAKEN[2] / 2, TAKEN[2] / 2]
    np.testing.assert_allclose(errors(*halves, **term), errors(**term), rtol=1e-13)
    beside = [*Q, 5.0], [*R_OF_POOLS, 1.0], [*TAKEN, 0.0]
    np.testing.assert_array_equal(errors(*beside, **term), errors(**term))


def test_without_a_power_of_the_size_a_part_of_a_pool_is_as_soon_used_up():
    """The same epochs of a tenth of the data are worth a tenth of the samples."""
    one = {"q": [0.0], "r": [0.0], "chance_error": math.inf, "g": 0.0}
    whole = errors(taken=[1e6], budgets=BUDGETS, **one) - 0.1
    part = errors(taken=[1e5], budgets=BUDGETS / 10, **one) - 0.1
    np.testing.assert_allclose(part, whole * 10**0.35, rtol=1e-12)


@pytest.mark.parametrize("law", [LAW, OVERFIT, SLOW])
@pytest.mark.parametrize("sizes", SIZES)
def test_errors_of_subsets_are_those_of_one_training_set_at_a_time(sizes, law):
    rng = np.random.default_rng(1)
    parameters = {
        name: np.full((7, 1), value) * np.exp(0.1 * rng.standard_normal((7, 1)))
        for name, value in (SHARED | RISE | ONSET).items()
    } | {"Q": rng.normal(0, 0.7, (7, 4)), "r": rng.normal(0, 0.2, (7, 4))}
    parameters["chance_error"] = np.ones((7, 1))
    taken = np.broadcast_to(SIZES[sizes], 32)[:4] * np.ones(4)
    pools, members = WholePools(law, parameters, taken, taken, BUDGETS), all_subsets(4)
    expected = [mixture_error(law, parameters, each * taken, taken, BUDGETS).T for each in members]
    np.testing.assert_allclose(pools.errors(members), expected, rtol=1e-12)


# --- known parameters -----------------------------------------------------------------------------


def table(**changes):
    shared = {name: value for name, value in SHARED.items() if name != "typical_size"}
    pools = {"pool": list("abc"), "unique_samples": TAKEN, "Q": Q, "r": R_OF_POOLS}
    return pd.DataFrame(pools | shared | changes)


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("chance", [1.0, 0.8, math.inf])
def test_known_parameters(chance, term):
    """Q and r count from their means, and N is the geometric mean of the pools' sizes."""
    levels = nested_levels(table().set_index("pool")["unique_samples"])
    law = law_of(term).name
    found = predict_known(table(chance_error=chance, **term), levels[:2], BUDGETS, law=law)
    q, r = (np.array(x) - np.mean(x) for x in (Q, R_OF_POOLS))
    shared = SHARED | {
        "typical_size": math.exp(np.mean(np.log(TAKEN))),
        "chance_error": chance,
        **term,
    }
    for i in (1, 2):
        expected = [written_out(q[:i], r[:i], TAKEN[:i], seen, **shared) for seen in BUDGETS]
        np.testing.assert_allclose(found[i - 1], expected, rtol=1e-12)


def test_what_may_be_left_out():
    levels = nested_levels(table().set_index("pool")["unique_samples"])
    short = table().drop(columns=["r", "chance_error"])
    found, expected = (
        predict_known(each, levels, 1e7, law=LAW.name) for each in (short, table(r=0.0))
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"A": 0.95}, "row 1, column A: expected A + d below the chance error of 1, got 1.05"),
        ({"k": [3.0, 3.0, 4.0]}, "row 3, column k: expected 3 as in row 1, got 4"),
        ({"R": 0.0}, "column R: expected a number of epochs above 0, got 0"),
    ],
)
def test_faults_of_the_table(changes, sentence):
    with pytest.raises(InputError, match=sentence.replace("+", r"\+")):
        predict_known(table(**changes), table(), 1e7, law=LAW.name)


def test_a_rise_is_not_left_out():
    levels = nested_levels(table().set_index("pool")["unique_samples"])
    sentence = (
        "omega is above 0, which law 'effective-reuse' does not know; take law 'effective-reuse"
    )
    with pytest.raises(InputError, match=sentence):
        predict_known(table(**RISE), levels, 1e7, law=LAW.name)
    with pytest.raises(InputError, match="missing column 'memory'"):
        predict_known(table(omega=1.0), levels, 1e7, law=OVERFIT.name)
    with pytest.raises(InputError, match="row 2, column omega: expected 1 as in row 1, got 2"):
        predict_known(table(omega=[1.0, 2.0, 1.0], memory=3.0), levels, 1e7, law=OVERFIT.name)


def test_a_slow_start_is_not_left_out():
    levels = nested_levels(table().set_index("pool")["unique_samples"])
    for law in (LAW, OVERFIT):
        with pytest.raises(InputError, match=r"B is above 0, .* take law 'effective-reuse-onset'"):
            predict_known(table(**ONSET, memory=1.0), levels, 1e7, law=law.name)
    with pytest.raises(InputError, match="missing column 'stretch'"):
        predict_known(table(B=0.5, onset=0.1), levels, 1e7, law=SLOW.name)
    sentence = (
        "row 1, column B: expected a share below 1 of what error rates are below chance, got 1.5"
    )
    with pytest.raises(InputError, match=sentence):
        predict_known(table(**ONSET | {"B": 1.5}), levels, 1e7, law=SLOW.name)
    predict_known(table(**ONSET | {"B": 1.5, "chance_error": math.inf}), levels, 1e7, law=SLOW.name)


def test_parameters_of_another_law():
    levels = nested_levels(table().set_index("pool")["unique_samples"])
    utility = {"pool": list("abc"), "unique_samples": TAKEN, "a": 0.02, "b": 0.1, "d": 0.1}
    with pytest.raises(InputError, match="missing column 'Q'"):
        predict_known(pd.DataFrame(utility), levels, 1e7, law=LAW.name)


# --- a fit ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=TERMS, ids=["effective-reuse", "overfit", "onset"])
def term(request):
    return request.param


@pytest.fixture(scope="module")
def law(term):
    return law_of(term)


@pytest.fixture(scope="module")
def fit(law, term):
    """Of runs that follow the law, at few draws."""
    rows = [
        {"pool": pool, "unique_samples": u, "samples_seen": n * 1e6, "error": 0.5}
        for pool, u in zip("abc", TAKEN, strict=True)
        for n in (0.5, 2, 8, 32)
    ]
    design = read_runs(pd.DataFrame(rows), chance_error=0.95)
    truth = read_parameters(table(chance_error=0.95, **term), law=law.name)
    runs = simulate_runs(truth, design, law=law.name, noise=0.002, seed=1)
    return qqt.fit(runs, law.name, draws=300, tune=400, chains=2, seed=1)


def test_a_fit_finds_the_curves(fit, law, term):
    """And each draw of it, as a table of known parameters, predicts what the fit predicts."""
    opened = Fit.of(fit)
    levels = nested_levels(table().set_index("pool")["unique_samples"])
    predicted = qqt.predict(fit, levels, BUDGETS[:4], law_only=True)
    known = predict_known(table(chance_error=0.95, **term), levels, BUDGETS[:4], law=law.name)
    spread = predicted.std(("chain", "draw"))
    assert (abs(predicted.mean(("chain", "draw")) - known) < 4 * spread + 0.002).all()
    one = opened.parameters.isel(chain=0, draw=7, group=0, drop=True)
    names = [*(name for name in SHARED if name != "typical_size"), *term, "Q", "r"]
    drawn = one[names].to_dataframe().reset_index().assign(unique_samples=TAKEN)
    again = predict_known(drawn, levels, BUDGETS[:4], law=law.name)
    np.testing.assert_allclose(again, predicted.isel(chain=0, draw=7), rtol=1e-9)


def test_pools_may_be_declared_alike(fit, law):
    """What all pools share does not differ from its mean."""
    declared = load_model(law.name).to_dict()
    declared["parameters"] |= {"Q": 0.3, "r": 0.0}
    alike = qqt.fit(Fit.of(fit).runs, Spec.from_dict(declared), draws=20, tune=50, chains=1)
    assert (Fit.of(alike).parameters["Q"] == 0).all()
    assert "Q" not in alike["posterior"]


def test_a_fit_keeps_the_chance_error(fit, tmp_path):
    qqt.save(fit, tmp_path / "fit.nc")
    back = Fit.of(qqt.load(tmp_path / "fit.nc"))
    assert (back.parameters["chance_error"] == 0.95).all()
    xr.testing.assert_identical(back.parameters, Fit.of(fit).parameters)
