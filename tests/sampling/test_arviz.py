"""What ArviZ has for posteriors works on a fit that was saved and loaded."""

import warnings

import arviz as az
import made
import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr

import qqt_bayes as qqt
from qqt_bayes.tables.runs import read_runs

SETTINGS = {"draws": 200, "tune": 300, "chains": 2}
SOME = {"var_names": ["sigma", "d"]}


@pytest.fixture(scope="module", autouse=True)
def without_a_screen():
    with mpl.rc_context({"figure.max_open_warning": 0}):
        before = mpl.get_backend()
        mpl.use("Agg")
        yield
        mpl.use(before)


@pytest.fixture(autouse=True)
def closed():
    yield
    mpl.pyplot.close("all")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("arviz") / "fit.nc"
    qqt.save(qqt.fit(read_runs(*made.tables()), "utility", **SETTINGS), path)
    return path


@pytest.fixture(scope="module")
def fit(path):
    return qqt.load(path)


NUMBERS = (
    *("summary", "ess", "rhat", "mcse", "hdi", "eti", "bfmi", "diagnose"),
    *("loo", "loo_pit", "loo_metrics", "loo_score", "psense", "psense_summary"),
)
OF_SOME = (
    *("plot_trace", "plot_trace_dist", "plot_forest", "plot_dist", "plot_rank", "plot_rank_dist"),
    *("plot_ess", "plot_mcse", "plot_autocorr", "plot_pair", "plot_ridge", "plot_prior_posterior"),
    *("plot_psense_dist", "plot_psense_quantities"),
)
OF_RUNS = (
    *("plot_ppc_dist", "plot_ppc_pit", "plot_ppc_interval", "plot_ppc_tstat"),
    *("plot_loo_pit", "plot_loo_interval", "plot_energy"),
)


@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")  # ArviZ's own calls of xarray
@pytest.mark.parametrize(
    ("name", "more"),
    [*((n, {}) for n in NUMBERS + OF_RUNS), *((n, SOME) for n in OF_SOME)],
)
def test_arviz_takes_a_saved_fit(fit, name, more):
    assert getattr(az, name)(fit, **more) is not None


@pytest.mark.filterwarnings("ignore:Estimated shape parameter:UserWarning")
def test_laws_are_compared_and_k_hat_is_drawn(fit):
    elpd = az.loo(fit, pointwise=True)
    assert set(elpd.pareto_k.dims) == {"run"}
    az.plot_khat(elpd)
    table = az.compare({"one": fit, "the same": fit})
    assert table["elpd_diff"].abs().max() == 0
    az.plot_compare(az.compare({"one": fit, "another": shifted(fit)}))


def shifted(fit):
    """The same draws with half the log densities."""
    density = fit["log_likelihood"].to_dataset(inherit=False) / 2
    return fit.assign(log_likelihood=xr.DataTree(density))


def test_arviz_reads_the_file_itself(path, fit):
    found = az.from_netcdf(path)
    np.testing.assert_array_equal(found["posterior"]["b"], fit["posterior"]["b"])
    assert found["log_prior"]["d"].attrs == fit["log_prior"]["d"].attrs


def test_sensitivity_is_what_learned_says(fit):
    """ArviZ's own, with the joint log density of the runs: the numbers behind `qqt.learned`."""
    ours = qqt.learned(fit).set_index("parameter")
    joint = fit["sample_stats"].to_dataset(inherit=False)[["joint_log_likelihood"]]
    tree = fit.assign(log_likelihood=xr.DataTree(joint))
    for name in ("a", "d", "sigma"):
        for group in ("prior", "likelihood"):
            theirs = az.psense(tree, var_names=[name], group=group)[name].item()
            # the priors' densities are kept in single precision
            assert theirs == pytest.approx(ours.loc[name, f"{group}_sensitivity"], rel=1e-4)


def test_fits_do_not_grow_much(fit, path, tmp_path):
    """Densities of the priors take a twelfth of the file at the most."""
    old = xr.DataTree.from_dict(
        {n: x.to_dataset(inherit=False) for n, x in fit.children.items() if n != "log_prior"}
    )
    old.attrs = fit.attrs
    qqt.save(old, tmp_path / "old.nc")
    assert path.stat().st_size < (1 + 1 / 12) * (tmp_path / "old.nc").stat().st_size
    assert "log_prior" not in qqt.load(tmp_path / "old.nc").children  # as in fits of before


def test_ranks_of_a_calibration_are_drawn():
    from qqt_bayes.calibration.uniformity import prior_sbc

    rng = np.random.default_rng(0)
    names = {"scalar": ["b[0-10%]", "sigma"]}
    ranks = xr.DataArray(rng.integers(0, 100, (50, 2)), names, ("replication", "scalar"))
    tree = xr.DataTree.from_dict({"prior_sbc": prior_sbc(ranks)})
    for name in names["scalar"]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            az.plot_ecdf_pit(tree, var_names=[name])
