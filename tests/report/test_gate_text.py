"""A sentence for every check that can fail, made from its id; and what the command line says."""

import re

import pytest

from qqt_bayes.cli.main import fit
from qqt_bayes.posterior.checks import CHECKS, EARLY_RUNS, check_value
from qqt_bayes.posterior.gate import Gate, Mode
from qqt_bayes.report.gate_text import (
    ADVICE,
    OTHER_MODELS,
    STILL,
    advice,
    checks,
    checks_at_a_glance,
    modes,
    other_law,
    refusal,
    verdict,
)
from qqt_bayes.report.modes_text import SMC

LONGER = "sample longer (--draws 3000 --tune 3000), or take a simpler model"
WRONG = "the law does not describe these runs"
TO_DO = (
    "try effective-reuse or effective-reuse-onset (a slow start) or effective-reuse-overfit "
    "(errors that rise again) or utility-free-size or utility-bounded (errors near chance) or "
    "utility-overfit (errors that rise again) or effective-data; if they are refused, too, how "
    "training sets rank at the budgets that were trained is then what these runs tell (--force)"
)
SENTENCES = {
    "rhat": ("R-hat of tau: 1.3 (at most 1.01)", f"the chains disagree: {LONGER}"),
    "ess_bulk": ("bulk ESS of tau: 1.3 (at least 400)", LONGER),
    "ess_tail": ("tail ESS of tau: 1.3 (at least 400)", LONGER),
    "divergences": (
        "divergent draws: 13 (at most 0.001)",
        "parts of the posterior were not reached: raise --target-accept, or take a simpler model",
    ),
    "bfmi": ("E-BFMI: 0.1 (at least 0.3)", LONGER),
    "pareto_k": (
        "Pareto k of the approximation: 1.3 (at most 0.7)",
        "the approximation may be far from the posterior: fit with method nuts",
    ),
    "scatter_known": ("unexplained scatter over known noise: 13 (at most 5)", WRONG),
    "scatter_declared": ("unexplained scatter over declared noise: 13 (at most 5)", WRONG),
    "scatter_prior": (
        "unexplained scatter of noisy: tail probability in the prior of the noise: 0.001 (at least "
        "0.005)",
        "runs of noisy scatter by 0.1 about their curves, more than the prior of the noise takes "
        "for chance: the law does not describe them, or, where runs are so noisy, give replicates, "
        "n_eval, or a model whose likelihood.sigma allows it",
    ),
    "amplitude": ("amplitude of the discrepancy: 0.2 (at most 0.1)", WRONG),
    "misfit_common": (
        "misfit along the budget, common to all training sets: 0.1 (at most 0.05)",
        WRONG,
    ),
    "misfit_run": (
        "leave-one-out z-score of the runs of A+B at 64M: 13 (at most 4)",
        "no other run explains those of A+B at 64M: look whether error, samples and training set "
        "of that row are right",
    ),
    **{
        f"residuals_{name.replace(' ', '_')}": (
            f"residuals by {name}: predictive tail probability: 0.001 (at least 0.005)",
            WRONG,
        )
        for name in ("budget", "repetitions", "training set", "group")
    },
}
FAILING = {
    **dict.fromkeys(("rhat", "ess_bulk", "ess_tail", "pareto_k"), 1.3),
    **dict.fromkeys(("divergences", "scatter_known", "scatter_declared", "misfit_run"), 13.0),
    **dict.fromkeys(("bfmi", "misfit_common"), 0.1),
    "amplitude": 0.2,
}
SUBJECTS = {"scatter_prior": "noisy", "misfit_run": "A+B at 64M"} | dict.fromkeys(
    ("rhat", "ess_bulk", "ess_tail"), "tau"
)


def failing(check_id):
    return check_value(
        check_id, FAILING.get(check_id, 0.001), SUBJECTS.get(check_id, ""), sigma=0.1
    )


def test_every_check_has_its_sentence():
    assert set(ADVICE) == set(CHECKS) == set(SENTENCES)


def test_an_approximation_that_is_far_off_is_rough_and_not_refused():
    gate = Gate((check_value("bfmi", 0.9), failing("pareto_k")), method="laplace")
    assert gate.passed
    seen, todo = SENTENCES["pareto_k"]
    assert verdict(gate).startswith(
        f"The fit is rough, though no check found fault with the law. {seen} rough: {todo}. Approx"
    )


@pytest.mark.parametrize("check_id", sorted(set(CHECKS) - {"pareto_k"}))
def test_what_is_said_of_a_check_that_failed(check_id):
    check = failing(check_id)
    assert not check.passed
    gate = Gate((check_value("bfmi", 0.9), check), model="utility", draws=1000)
    seen, todo = SENTENCES[check_id]
    of_law = check.question == "law" and check_id != "misfit_run"
    closing = f"\n  What to do: {TO_DO}." if of_law else ""
    assert verdict(gate) == f"The fit did not pass its gate.\n  {seen} FAILED: {todo}{closing}"
    assert advice(check, gate) == (f"{todo}; {TO_DO}" if of_law else todo)
    still = STILL.format(agree="agree") if check.question == "law" else ""
    use = "Use --force to go on all the same."
    assert refusal(gate) == f"{verdict(gate)}\n{use}{still}"


def test_a_gate_that_was_passed():
    assert verdict(Gate((check_value("bfmi", 0.9),))) == (
        "The fit passed its gate: the chains agree, no check found fault with the law."
    )


def test_a_gate_that_was_not_passed_names_what_failed_only():
    failed = check_value("ess_bulk", 12.3456, of="a")
    gate = Gate((check_value("bfmi", 0.9), failed), draws=100)
    assert verdict(gate) == (
        "The fit did not pass its gate.\n"
        f"  bulk ESS of a: 12.35 (at least 400) FAILED: {advice(failed, gate)}"
    )


def test_particles_are_not_tuned():
    check = failing("rhat")
    assert advice(check, Gate((check,), "smc", draws=30)) == (
        "the chains disagree: take more draws (--draws 90), or method nuts"
    )


def test_the_advice_is_for_the_kind_of_table_at_hand():
    """No model of error rates for losses, not the same model again, groups where there are some."""
    check = failing("residuals_budget")
    for kind, models in OTHER_MODELS.items():
        for model in models:
            words = other_law(Gate((check,), model=model, kind=kind))
            named = words.removeprefix("try ").partition(";")[0].split(" or ")
            assert named == [text for name, text in models.items() if name != model]
    words = other_law(Gate((check,), groups=2))
    assert "where groups differ, a model with parameters over group" in words


def test_the_advice_does_not_go_in_a_circle():
    """What was fitted is not named again; where nothing is left it says so."""
    gate = Gate((failing("amplitude"), failing("residuals_budget")), model="utility-free-size")
    words = verdict(gate, tried={"effective-reuse", "utility-bounded"})
    assert words.count("effective-data") == 1
    assert "effective-reuse or" not in words
    assert "utility-bounded" not in words
    assert "no shipped law describes these runs" in verdict(gate, tried=OTHER_MODELS["error"])


@pytest.mark.parametrize(("rhat", "said"), [(1.02, True), (1.3, False)])
def test_chains_that_nearly_agree_still_tell_ranks(rhat, said):
    gate = Gate((check_value("rhat", rhat, of="d"), failing("amplitude")), model="utility")
    assert ("The chains nearly agree" in refusal(gate)) == said


def test_early_runs_that_bend_have_two_ways_on_and_none_that_was_tried():
    """A law with a term for a slow start, or without them; after that law, what is left."""
    check = check_value("misfit_common", 0.1, of=f"{EARLY_RUNS}986M")
    leave = "leave them out with --from 986M, if enough are left"
    hardly = "as runs do in which training has hardly begun: "
    for kind, models in OTHER_MODELS.items():
        for model in models:
            words = verdict(Gate((check,), model=model, kind=kind))
            slow = (
                ""
                if model == "effective-reuse-onset"
                else ("try effective-reuse-onset, which lets training begin slowly, or ")
            )
            assert f"{hardly}{slow}{leave}\n" in words
            offered = words.partition("else try ")[2].partition(";")[0].split(" or ")
            left = set(models) - {model, "effective-reuse-onset"}
            assert offered == [models[name] for name in models if name in left]


def test_modes_and_evidence_are_said_whatever_the_verdict():
    two = Mode("d", "", 0.1, 0.3, (1.0, 0.0)), Mode("d", "", 0.4, 0.7, (0.0, 1.0))
    for value in (1.0, 2.0):
        gate = Gate((check_value("rhat", value),), "nuts", modes=two)
        assert verdict(gate).splitlines()[-1].startswith("The posterior has 2 modes: d 0.1 (50 % ")
        assert "Chains seldom cross" in verdict(gate)
        assert verdict(gate).endswith(
            "qqt fit RUNS --model MODEL --method smc -o FIT weighs modes."
        )
    smc = Gate((check_value("rhat", 1.0),), "smc", modes=two, log_marginal_likelihood=(-1.0, -2.0))
    assert "--method" not in verdict(smc)
    assert verdict(smc).endswith("Log marginal likelihood -1.5 (run by run -1.0, -2.0).")


def test_one_mode_is_no_news():
    assert modes(Gate(())) == ""
    assert modes(Gate((), modes=(Mode("d", "", 0.1, 1.0, (1.0, 1.0)),))) == ""


@pytest.mark.parametrize(
    ("shares", "rhat", "crossed"),
    [
        ((0.4, 0.6, 0.5, 0.6), 1.004, True),
        ((0.4, 0.6, 0.5, 0.6), 1.2, False),  # they cross, and too seldom to agree
        ((1.0, 1.0, 0.0, 0.0), 1.004, False),
        ((1.0, 0.5, 1.0, 1.0), 1.004, False),  # one chain crossed, perhaps once and for all
        ((1.0, 1.0, 1.0, 1.0), 1.004, False),  # no chain was in the mode that the search found
    ],
)
def test_shares_are_weights_where_chains_cross_and_agree(shares, rhat, crossed):
    two = (
        Mode("a", "", 0.1, 0.2, shares),
        Mode("a", "", 0.4, 0.8, tuple(1 - share for share in shares)),
    )
    words = modes(Gate((check_value("rhat", rhat),), "nuts", modes=two))
    assert ("The chains cross between them and agree" in words) == crossed
    assert ("Chains seldom cross" in words) == (not crossed)


def test_the_command_that_weighs_modes_exists():
    options = {each for option in fit.params for each in option.opts}
    assert set(re.findall(r"(?<= )--?[a-z]+", SMC)) <= options


def test_a_mode_names_its_group_and_pool():
    two = tuple(Mode("b", "arch 1 on 0-10%", x, 0.5, (0.5,)) for x in (0.1, 0.2))
    assert "b of arch 1 on 0-10% 0.1 (50 % of the draws, chain by chain 50;" in modes(
        Gate((), modes=two)
    )


def test_checks_as_tables():
    gate = Gate(
        (failing("rhat"), check_value("divergences", 0, draws=4000)), model="utility", draws=1000
    )
    assert checks(gate).to_dict("records") == [
        {
            "id": "rhat",
            "of": "tau",
            "name": "R-hat of tau",
            "value": 1.3,
            "limit": "at most",
            "bar": 1.01,
            "passed": False,
            "advice": f"the chains disagree: {LONGER}",
        },
        {
            "id": "divergences",
            "of": "",
            "name": "divergent draws",
            "value": 0.0,
            "limit": "at most",
            "bar": 4.0,
            "passed": True,
            "advice": "",
        },
    ]
    shown = checks_at_a_glance(gate)
    assert list(shown) == ["name", "value", "bar", "passed"]
    assert shown["bar"].tolist() == ["at most 1.01", "at most 4"]
