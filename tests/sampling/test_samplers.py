"""Chains are run again, more carefully, until no draw diverges and they agree."""

import json

import numpy as np
import pytest
import xarray as xr

from qqt_bayes.sampling import samplers
from qqt_bayes.sampling.samplers import JUDGED_DRAWS, PASSES, Settings, sample

CHAINS = 4
DIVERGENT, APART, SOUND = "divergent", "apart", "sound"
"""What comes of a pass: a draw that diverges, chains that disagree, or neither."""


def settings(draws=JUDGED_DRAWS // CHAINS, target_accept=None):
    return Settings(
        draws=draws,
        tune=10,
        chains=CHAINS,
        seed=0,
        target_accept=target_accept,
        low_rank=False,
        progress=False,
    )


def made_trace(draws, comes):
    """Independent normal draws, but that the chains are shifted, or that one draw diverges."""
    values = np.random.default_rng(0).normal(size=(CHAINS, draws))
    if comes == APART:
        values += np.arange(CHAINS)[:, None]
    diverging = np.zeros((CHAINS, draws), dtype=bool)
    diverging[1, draws // 2] = comes == DIVERGENT
    dims, coords = ("chain", "draw"), {"chain": range(CHAINS), "draw": range(draws)}
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"a": (dims, values)}, coords),
            "sample_stats": xr.Dataset({"diverging": (dims, diverging)}, coords),
        }
    )


@pytest.fixture
def passes_of(monkeypatch):
    """The options of the passes that are run, given what comes of each, and the trace kept."""

    def run(outcomes, asked):
        options, left = [], iter(outcomes)

        def no_u_turn(compiled, *, draws, give_up, **others):
            options.append({"draws": draws, "give_up": give_up, **others})
            comes = next(left)
            return None if comes == DIVERGENT and give_up else made_trace(draws, comes)

        monkeypatch.setattr(samplers, "no_u_turn", no_u_turn)
        return options, sample(None, "nuts", asked)

    return run


@pytest.mark.parametrize("fault", [DIVERGENT, APART])
@pytest.mark.parametrize("before", range(len(PASSES)))
def test_passes_end_with_the_first_that_is_sound(passes_of, fault, before):
    asked = settings()
    options, trace = passes_of([fault] * before + [SOUND], asked)
    assert [each["target_accept"] for each in options] == [
        each.target_accept for each in PASSES[: before + 1]
    ]
    assert [each["draws"] for each in options] == [
        asked.draws * each.times for each in PASSES[: before + 1]
    ]
    recorded = trace["sample_stats"].attrs
    assert recorded["target_accept"] == PASSES[before].target_accept
    assert json.loads(recorded["targets"]) == [each["target_accept"] for each in options]
    assert recorded["tune"] == options[-1]["tune"]
    assert recorded["repeated_for"] == '["divergences", "disagreement"]'
    assert dict(trace["posterior"].sizes) == {"chain": CHAINS, "draw": asked.draws}


def test_each_pass_is_more_careful_than_the_one_before():
    """It aims at a higher rate, or makes more draws at the same."""
    steps = [(each.target_accept, each.times) for each in PASSES]
    assert steps == sorted(set(steps))


def test_the_last_pass_is_kept_whatever_comes_of_it(passes_of):
    """So that the gate can say what is wrong; only it goes on after a divergence."""
    asked = settings()
    options, trace = passes_of([DIVERGENT] * len(PASSES), asked)
    assert [each["give_up"] for each in options] == [True] * (len(PASSES) - 1) + [False]
    assert trace["sample_stats"]["diverging"].sum() == 1
    assert trace["sample_stats"].sizes["draw"] == asked.draws


def test_short_chains_are_not_run_again_because_they_disagree(passes_of):
    options, trace = passes_of([APART], settings(draws=JUDGED_DRAWS // CHAINS - 1))
    assert len(options) == 1
    assert trace["sample_stats"].attrs["repeated_for"] == '["divergences"]'


def test_an_acceptance_rate_that_is_asked_for_is_the_only_one(passes_of):
    options, trace = passes_of([DIVERGENT], settings(target_accept=0.8))
    assert [each["target_accept"] for each in options] == [0.8]
    assert trace["sample_stats"].attrs["repeated_for"] == "[]"
    assert trace["sample_stats"]["diverging"].sum() == 1


def test_of_a_longer_pass_the_last_of_so_many_draws_is_kept():
    """It diverged if one of those that are left out before it did."""
    made = made_trace(12, DIVERGENT)
    kept = samplers._thinned(made, 4)
    np.testing.assert_array_equal(kept["posterior"]["a"], made["posterior"]["a"][:, 3::4])
    diverging = kept["sample_stats"]["diverging"].to_numpy()
    assert np.argwhere(diverging).tolist() == [[1, 1]]  # draw 6 of chain 1 is left out before 7
    for group in kept.children.values():
        np.testing.assert_array_equal(group["draw"], range(3))
