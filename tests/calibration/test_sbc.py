"""Ranks of the truth are uniform where a posterior is exact, and only there."""

import io
import json
from types import SimpleNamespace

import made
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from arviz_stats.ecdf_utils import get_pointwise_confidence_band, simulate_confidence_bands
from command import qqt
from matplotlib.image import imread
from places import CASE_STUDIES

from qqt_bayes.calibration import misspecification, sbc
from qqt_bayes.calibration.sbc import LOG_LIKELIHOOD, simulation_based_calibration
from qqt_bayes.calibration.uniformity import (
    ENDS,
    RANKED_DRAWS,
    ecdf_band,
    ecdf_differences,
    jointly,
    outside_bands,
    p_values,
    rank_of,
)
from qqt_bayes.errors import InputError
from qqt_bayes.model.build import build
from qqt_bayes.model.noise import evaluation_variance
from qqt_bayes.model.problem import Problem
from qqt_bayes.model.spec import Spec, list_models, load_model, require_kind
from qqt_bayes.posterior.prediction import predict_known
from qqt_bayes.report.calibration_text import fault, verdict
from qqt_bayes.sampling.inference import prior_draws
from qqt_bayes.tables.runs import read_runs

STUDY = CASE_STUDIES / "calibration"
REPLICATIONS = 1000
SURE = 0.999
"""Bands that right ranks leave once in a thousand times only."""


# --- the ranks and their band ------------------------------------------------------------------


def ranks_of(each, names):
    """What `outside_bands` takes."""
    return xr.DataArray(np.array(each), {"scalar": names}, ("replication", "scalar"))


def conjugate(draw_pair, *, shift=0.0, widen=1.0):
    """Ranks of theta ~ N(0, 1) in its posterior under y ~ N(theta, 1), or in a wrong one."""
    rng = np.random.default_rng(1)
    ranks = []
    for _ in range(REPLICATIONS):
        theta, y = draw_pair(rng)
        draws = y / 2 + shift + widen * np.sqrt(0.5) * rng.standard_normal((4 * RANKED_DRAWS, 1))
        ranks.append(rank_of(np.array([theta]), draws))
    return ranks_of(ranks, ["theta"])


def any_pair(rng):
    """Every table."""
    theta = rng.standard_normal()
    return theta, theta + rng.standard_normal()


def legal_pair(rng):
    """The first pair whose table is legal."""
    return next(pair for pair in iter(lambda: any_pair(rng), None) if pair[1] > 0.5)


def legal_under_the_same_truth(rng):
    """The first legal table under a truth that does not move: no longer the joint prior."""
    theta = rng.standard_normal()
    return theta, next(y for y in iter(lambda: theta + rng.standard_normal(), None) if y > 0.5)


@pytest.mark.parametrize("draw_pair", [any_pair, legal_pair])
def test_ranks_in_the_exact_posterior_are_uniform(draw_pair):
    assert outside_bands(conjugate(draw_pair), SURE) == []


@pytest.mark.parametrize("wrong", [{"shift": 0.15}, {"widen": 0.7}, {"widen": 1.4}])
def test_a_wrong_posterior_is_caught(wrong):
    assert outside_bands(conjugate(any_pair, **wrong), SURE) == ["theta"]


def test_errors_drawn_again_under_the_same_truth_are_caught():
    """Why a pair is dropped as a whole."""
    assert outside_bands(conjugate(legal_under_the_same_truth), SURE) == ["theta"]


@pytest.mark.parametrize("replications", [20, 200])
def test_the_band_holds_95_in_100(replications):
    ranks = np.random.default_rng(2).integers(0, RANKED_DRAWS + 1, (replications, 1000))
    outside = outside_bands(ranks_of(ranks, np.arange(1000)))
    assert 0.03 < len(outside) / 1000 < 0.07


@pytest.mark.parametrize("count", [50, 200])
def test_the_band_is_that_of_arviz_to_within_a_rank(count):
    """Both rest on simulations."""
    at = ENDS / (RANKED_DRAWS + 1)
    rng = np.random.default_rng(0)
    pointwise = simulate_confidence_bands(count, 1, at, 0.95, 5000, rng)
    theirs = get_pointwise_confidence_band(pointwise, count, at)
    for our, their in zip(ecdf_band(count, 0.95), theirs, strict=True):
        assert abs(our + at - their).max() * count < 1 + 1e-6


@pytest.mark.parametrize("probability", [0.95, SURE])
def test_a_p_value_says_whether_the_ecdf_leaves_its_band(probability):
    ranks = np.random.default_rng(3).integers(0, RANKED_DRAWS + 1, (100, 3000))
    ranks = ranks_of(ranks, np.arange(3000))
    lower, upper = ecdf_band(100, probability)
    apart = ecdf_differences(ranks).to_numpy()
    leaves = ((apart < lower - 1e-9) | (apart > upper + 1e-9)).any(axis=1)
    assert 0 < leaves.sum() < 300
    np.testing.assert_array_equal(leaves, p_values(ranks).to_numpy() <= 1 - probability)
    assert outside_bands(ranks, probability) == np.flatnonzero(leaves).tolist()


def test_p_values_of_uniform_ranks_are_uniform():
    ranks = np.random.default_rng(4).integers(0, RANKED_DRAWS + 1, (500, 4000))
    p = np.sort(p_values(ranks_of(ranks, np.arange(4000))))
    assert abs(p - np.linspace(0, 1, 4000)).max() < 0.03


def test_joint_bands_hold_all_scalars_95_in_100():
    ranks = np.random.default_rng(5).integers(0, RANKED_DRAWS + 1, (100, 8000))
    p = p_values(ranks_of(ranks, np.arange(8000))).to_numpy().reshape(400, 20)
    assert 0.03 < (p.min(axis=1) <= 1 - jointly(0.95, 20)).mean() < 0.08


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"shift": 0.15}, "fits are too high"),
        ({"shift": -0.15}, "fits are too low"),
        ({"widen": 0.7}, "intervals are too narrow"),
        ({"widen": 1.4}, "intervals are too wide"),
    ],
)
def test_what_is_wrong_with_a_posterior_is_said(wrong, words):
    assert fault(conjugate(any_pair, **wrong).sel(scalar="theta")) == words


# --- replications, with a sampler that is made ----------------------------------------------------


@pytest.fixture
def losses():
    """Any positive number is a legal loss, so every table drawn is kept, or nearly."""
    return read_runs(*made.tables(), kind="loss")


@pytest.fixture
def sampled(monkeypatch):
    """A sampler that returns the prior: parameters do not tell, what depends on the data does."""
    priors, seeds = {}, []

    def from_the_prior(runs, spec, *, seed, draws, chains, **_):
        seeds.append(seed)
        if spec.name not in priors:
            priors[spec.name] = prior_draws(build(Problem(spec, runs)), seed=0)[0]["prior"]
        prior = priors[spec.name].to_dataset(inherit=False).drop_vars(["curve", "draw"])
        some = np.random.default_rng(seed).permutation(prior.sizes["draw"])[: chains * draws]
        each = [prior.isel(chain=0, draw=part) for part in np.split(some, chains)]
        posterior = xr.concat(each, "chain")
        diverging = xr.zeros_like(posterior["a"], dtype=bool)
        groups = {"posterior": posterior, "sample_stats": xr.Dataset({"diverging": diverging})}
        fit = xr.DataTree.from_dict(groups)
        fit.attrs["gate"] = json.dumps({"passed": False})
        return fit

    monkeypatch.setattr(sbc, "fit", from_the_prior)
    return SimpleNamespace(seeds=seeds)


def test_the_prior_in_place_of_the_posterior_is_caught(losses, sampled):
    """By the log likelihood alone, as Modrak et al. show."""
    found = simulation_based_calibration(losses, replications=40, draws=100, chains=2)
    alone = 0.05 / found.sizes["scalar"]
    assert outside_bands(found["rank"], 1 - alone) == [LOG_LIKELIHOOD]
    assert len(set(sampled.seeds)) == 40


def test_what_a_calibration_holds(losses, sampled):
    found = simulation_based_calibration(losses, replications=2, seed=3, draws=50, chains=2)
    assert dict(found.sizes) == {"replication": 2, "scalar": 7 + 2 * 3 + 2 * 3 + 1 + 1}
    names = found["scalar"].values.tolist()
    assert {"a", "sigma", "b[0-10%]", "error of top 2", LOG_LIKELIHOOD} <= set(names)
    assert found["rank"].dtype.kind == "i"
    assert 0 <= found["rank"].min() <= found["rank"].max() <= RANKED_DRAWS
    assert found["ess"].dims == ("replication", "scalar")
    assert found["passed"].values.tolist() == [False, False]
    assert found["divergences"].values.tolist() == [0, 0]
    assert (found["seconds"] > 0).all()
    assert Spec.from_dict(json.loads(found.attrs["spec"])) == load_model("utility")
    again = simulation_based_calibration(losses, replications=2, seed=3, draws=50, chains=2)
    xr.testing.assert_identical(again.drop_vars("seconds"), found.drop_vars("seconds"))


def test_errors_beyond_the_data_are_those_of_the_law(losses, sampled):
    """The truths of decision quantities, by another way than the model's."""
    found = simulation_based_calibration(losses, replications=1, draws=50, chains=2)
    truth = found["truth"].isel(replication=0).to_series()
    pools = losses["pool"].values
    rows = {name: [truth[f"{name}[{pool}]"] for pool in pools] for name in ("b", "tau")}
    sizes = losses["pool_size"].values
    table = {"pool": pools, "a": truth["a"], "d": truth["d"], **rows, "unique_samples": sizes}
    budget = 4 * float(losses["samples_seen"].max())
    errors = predict_known(pd.DataFrame(table), made.levels(), budget).squeeze().to_series()
    for name, error in errors.items():
        assert truth[f"error of {name} at 4x"] == pytest.approx(error, rel=1e-6)
    gap = truth["second best less best at 4x"]
    assert min(abs(gap - (x - y)) for x in errors for y in errors if x is not y) < 1e-6


def test_errors_are_named_by_group(sampled):
    runs = read_runs(*made.tables(groups=2), kind="loss")
    found = simulation_based_calibration(runs, "cherti", replications=1, draws=50, chains=2)
    each = [f"error of top 1, arch {i}" for i in (1, 2)]
    each += [f"second best less best, arch {i} at 4x" for i in (1, 2)]
    assert {*each, f"{each[0]} at 4x"} <= set(found["scalar"].values)


def test_the_noise_of_evaluation_is_held(monkeypatch):
    """Whatever the errors that are drawn; how far they are rounded stays what it was."""
    table, composition = made.tables()
    runs = read_runs(table.assign(n_eval=1000, rounding=0.01), composition, kind="error")
    fitted = []

    def stop(table, *_, **__):
        fitted.append(table)
        raise InterruptedError

    monkeypatch.setattr(sbc, "fit", stop)
    with pytest.raises(InterruptedError):
        simulation_based_calibration(runs, "utility-bounded", replications=1)
    (drawn,) = fitted
    assert abs(drawn["error"] - runs["error"]).max() > 0.01
    np.testing.assert_array_equal(evaluation_variance(drawn), evaluation_variance(runs))
    np.testing.assert_array_equal(drawn["rounding"], runs["rounding"])


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def tables(tmp_path):
    """RUNS and its composition, as files."""
    paths = [tmp_path / name for name in ("runs.csv", "composition.csv")]
    for path, table in zip(paths, made.tables(), strict=True):
        table.to_csv(path, index=False)
    return paths


def calibrate(tables, *more, replications=2, **expected):
    """The command on losses, of which nearly all are legal."""
    runs, composition = tables
    shared = ("--composition", composition, "--kind", "loss", "--replications", replications)
    return qqt("calibrate", runs, *shared, *more, **expected)


def test_the_command_prints_scalars_and_a_verdict(tables, sampled, tmp_path):
    """The prior is what this sampler returns, and the verdict says so; yet the exit code is 0."""
    ranks, figure = tmp_path / "ranks.nc", tmp_path / "ranks.png"
    said = calibrate(tables, "-o", ranks, "--plot", figure, replications=40)
    assert "inside alone" in said.stdout.splitlines()[0]
    words = " ".join(said.stdout.split())
    assert "Model utility is not calibrated on this design: 1 of 21 scalars leave" in words
    assert f"({LOG_LIKELIHOOD}: " in words
    assert "40 of 40 fits did not pass their gate" in words
    found = xr.load_dataset(ranks)
    assert verdict(found).split() == words[words.index("Model utility") :].split()
    assert imread(figure).shape[2] == 4


def test_programs_get_all_digits(tables, sampled):
    content = json.loads(calibrate(tables, "--format", "json", "--seed", 3).stdout)
    assert content["calibrated"] is False
    assert content["settings"]["seed"] == 3
    rows = pd.read_csv(io.StringIO(calibrate(tables, "--format", "csv", "--seed", 3).stdout))
    pd.testing.assert_frame_equal(pd.DataFrame(content["scalars"]), rows)


@pytest.mark.parametrize(
    ("more", "exit_code", "words"),
    [
        (["--plot", "ranks.pdf"], 1, "expected a file whose name ends in .png or .svg"),
        (["-o", "no such folder/ranks.nc"], 1, "there is no folder"),
        (["-o", "x.png", "--plot", "x.png"], 1, "cannot be one file"),
        (["--model", "utility-bounded"], 1, "its law is for error rates"),
        (["--model", "none"], 1, "there is no model 'none'"),
        (["--replications", 0], 2, "--replications"),
    ],
)
def test_the_command_refuses_before_it_fits(tables, sampled, more, exit_code, words):
    assert words in calibrate(tables, *more, exit_code=exit_code).output
    assert not sampled.seeds


def made_ranks(scale, count=200):
    """Ranks of two scalars, the second as wide as said."""
    rng = np.random.default_rng(6)
    wide = np.clip(
        49.5 + scale * (rng.integers(0, RANKED_DRAWS + 1, count) - 49.5), 0, RANKED_DRAWS
    )
    ranks = np.stack([rng.integers(0, RANKED_DRAWS + 1, count), wide.round().astype(int)], axis=1)
    spec = {"spec": json.dumps({"name": "made"}), "legal": 1.0, "versions": "{}"}
    about = {name: ("replication", np.full(count, x)) for name, x in ABOUT.items()}
    every = xr.full_like(ranks_of(ranks, ["a", "b"]), 400.0, dtype=float)
    return xr.Dataset({"rank": ranks_of(ranks, ["a", "b"]), "ess": every, **about}, attrs=spec)


ABOUT = {"passed": True, "divergences": 0, "seconds": 1.5, "least_ess": 400.0, "legal": 1.0}


def test_a_calibrated_model_is_called_so():
    words = verdict(made_ranks(1.0))
    assert words.startswith("Model made is calibrated on this design as far as 200 tables")
    assert words.endswith("see the gate of `qqt fit`.")
    assert "intervals are too wide" in verdict(made_ranks(0.6))
    few = verdict(made_ranks(1.0, count=40))
    assert few.startswith("40 tables drawn from the priors of model made show no gross fault")


def test_the_page_lists_every_scalar_outside_its_band(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(STUDY)
    page = __import__("sbc_page")
    rows = [
        {
            "block": 0,
            "replication": i,
            "failed": failed,
            "times": times,
            "departures": departures,
            "lower": 0.1,
            "upper": 0.3,
            "inside": departures or i > 0,
        }
        for i, failed in enumerate([np.nan, "rhat", "residuals_budget; rhat", np.nan])
        for times in (1, 4)
        for departures in (False, True)
    ]
    fits = {"calibrated": made_ranks(1.0), "wide": made_ranks(0.6)}
    settings = {"calibration": {"draws": 500}, "misspecification": {"draws": 1000}}
    page.write_page(tmp_path, fits, {"one by other": pd.DataFrame(rows)}, settings)
    text = (tmp_path / "sbc.md").read_text()
    assert "outside the joint band are 1, of wide (of 2 " in text
    section = text.split("## Every scalar outside a band")[1].split("##")[0]
    assert "| wide | b |" in section
    assert "| intervals are too wide |" in section
    assert "| one by other | 1x | no | 0.75 | 0.25 | 0.5 | 0.2 | 4 |" in text
    assert "| one by other | 4x | yes | 1 | 0 | 1 | 0.2 | 4 |" in text
    assert "| one by other | 4 | 0.5 | 0.25 |" in text
    kept = pd.read_csv(tmp_path / "sbc.csv")
    assert kept[["spec", "scalar"]].values.tolist() == [
        [spec, scalar] for spec in fits for scalar in ("a", "b")
    ]
    assert kept["inside_jointly"].tolist() == [True, True, True, False]
    assert (tmp_path / "sbc.png").exists()


def test_the_study_calibrates_every_shipped_specification(monkeypatch):
    monkeypatch.syspath_prepend(STUDY)
    study = __import__("sbc")
    entries = list(study.entries(500))
    assert [each["spec"] for each in entries if each["truth"] is None] == list_models()
    assert len(set(map(study.file_of, entries))) == len(entries) == 11 + 4
    assert sum(len(study.blocks(each)) for each in entries) == 11 * 10 + 4
    for each in entries:
        spec, runs = load_model(each["spec"]), study.read(each["design"])
        require_kind(spec, runs.attrs["kind"])
        over = {dim for prior in spec.parameters.values() for dim in getattr(prior, "over", ())}
        assert runs.sizes["group"] == (2 if each["spec"] == "cherti" else 1)
        assert "group" not in over or spec.name in {"cherti", "data-constrained"}
    assert study.fixed("utility-free-size", {"size_exponent": 0.0}).parameters["size_exponent"] == 0


def test_the_study_goes_on_where_it_was(monkeypatch, tmp_path):
    """Blocks that are kept are not made again, unless something else has made them."""
    monkeypatch.syspath_prepend(STUDY)
    study, made_now = __import__("sbc"), []

    def calibrated(*_, seed, **__):
        made_now.append(seed)
        return made_ranks(1.0, count=study.BLOCK).assign_attrs(legal=0.4)

    monkeypatch.setattr(study, "simulation_based_calibration", calibrated)
    monkeypatch.setattr(study, "KEPT", tmp_path)
    monkeypatch.setattr(study, "made_by", lambda _: f"1e{study.SETTINGS['draws']}0000")
    few, many = (next(iter(study.entries(count))) for count in (study.BLOCK + 1, 3 * study.BLOCK))
    for entry in (few, many, many):
        study.work(entry, say=lambda *_, **__: None)
    assert made_now == [0, 1, 2]
    kept = study.calibration_of(study.load(few))
    once = made_ranks(1.0, study.BLOCK)["rank"]
    np.testing.assert_array_equal(kept["rank"], np.tile(once, (2, 1)))
    assert kept["scalar"].values.tolist() == ["a", "b"]
    assert kept["rank"].dtype == int
    assert (kept["legal"] == 0.4).all()
    monkeypatch.setattr(study, "SETTINGS", study.SETTINGS | {"draws": 1000})
    assert study.load(many).empty


# --- where the law is wrong -----------------------------------------------------------------------


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


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings", [{"replications": 0}, {"draws": 24, "chains": 4}], ids=["no replication", "draws"]
)
def test_numbers_out_of_range(losses, settings):
    with pytest.raises(InputError, match="should be at least"):
        simulation_based_calibration(losses, **settings)


def test_priors_that_lead_elsewhere():
    """Floors of exp(3): no table that is drawn holds error rates."""
    table = load_model("utility").to_dict()
    table["parameters"]["d"] = {"distribution": "LogNormal", "mu": 3.0, "sigma": 0.1}
    with pytest.raises(InputError, match="Only 0 of 1000 tables"):
        simulation_based_calibration(
            read_runs(*made.tables()), Spec.from_dict(table), replications=1
        )


# --- the real sampler -----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_sampler_is_calibrated():
    """Five pools, each alone: two minutes."""
    size = 12.8e6
    rows = [(f"band {i}", size, k * size, 0.5) for i in range(5) for k in (2, 4, 6, 8, 10)]
    columns = ["pool", "unique_samples", "samples_seen", "error"]
    runs = read_runs(pd.DataFrame(rows, columns=columns))
    found = simulation_based_calibration(runs, replications=60, seed=2)
    assert outside_bands(found["rank"], 1 - 0.05 / found.sizes["scalar"]) == []
    assert (found["divergences"] > 0).mean() < 0.2
    assert found["ess"].min() > RANKED_DRAWS
