"""What a paper takes as it is: a paragraph on methods, a table in LaTeX, and references."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import ceil, floor, isfinite

from qqt_bayes import __version__
from qqt_bayes.decisions.rules import choosing
from qqt_bayes.decisions.study import Study
from qqt_bayes.decisions.trained import FARTHEST, LEAST_BUDGETS
from qqt_bayes.phrases import joined
from qqt_bayes.posterior.fit import Fit
from qqt_bayes.report.page.content import Block, Section
from qqt_bayes.report.page.latex import choice_table, levels_table
from qqt_bayes.report.rules_text import BASIS
from qqt_bayes.report.sampling_text import computation, sampler

BIBTEX = rf"""@software{{qqt_bayes,
  author  = {{{{The qqt\_bayes developers}}}},
  title   = {{qqt\_bayes: {{Bayesian}} scaling laws for data filtering}},
  version = {{{__version__}}}
}}

@inproceedings{{goyal2024scaling,
  author    = {{Goyal, Sachin and Maini, Pratyush and Lipton, Zachary C. and Raghunathan, Aditi
               and Kolter, J. Zico}},
  title     = {{Scaling Laws for Data Filtering: Data Curation cannot be Compute Agnostic}},
  booktitle = {{Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition}},
  year      = {{2024}},
  note      = {{arXiv:2404.07177}}
}}
"""
"""What to cite, as `CITATION.cff` has it."""


def paper(study: Study, sections: Sequence[Section]) -> Block:
    """Methods paragraph, table and references, ready to be copied."""
    choices, levels = (
        "\n\n".join(made(section) for section in sections) for made in (choice_table, levels_table)
    )
    return Block(
        "paper",
        "For your paper",
        [methods(study)],
        code=[
            ("The choice at each budget, one column wide (LaTeX with booktabs):", choices),
            ("All levels at the largest budget (LaTeX with booktabs):", levels),
            ("References (BibTeX):", BIBTEX),
        ],
    )


def methods(study: Study) -> str:
    """How the decision was made, as a paragraph of a paper."""
    named = {name: study.fits[name] for name in study.weights}
    fits = list(named.values())
    first, attributes = fits[0], study.decision.attrs
    names = list(study.weights)
    laws = "law" if len(names) == 1 else "laws"
    were = "was" if len(names) == 1 else "were"
    runs = first.runs
    draws = f"{attributes['draws']:,} posterior draws" if "draws" in attributes else "all draws"
    of_law = [f"{weight:.0%} are of {name}" for name, weight in study.weights.items()]
    shares = f", of which {joined(of_law)}" if len(names) > 1 else ""
    departures = (
        "The logarithm of the mean error may depart from that of the law by a Gaussian process "
        "over budget and composition, whose amplitude is inferred with the rest (after Kennedy "
        "and O'Hagan, 2001)."
        if attributes.get("discrepancy")
        else ""
    )
    rule = BASIS[choosing(attributes["rule"])](attributes)
    parts = [
        f"Training sets were compared with qqt_bayes {__version__} (after Goyal et al., 2024). The "
        f"{laws} {joined(names)} {were} fitted to {runs.sizes['run']} training runs on "
        f"{runs.sizes['data']} training sets taken from {runs.sizes['pool']} pools by "
        f"{sampler(named)}.",
        computation(named),
        departures,
        _convergence(fits),
        f"Levels were compared under {draws}"
        f"{shares}, all levels under the same draw; P(best) is the share of draws in which a level "
        f"has the least {attributes['kind']}, and the expected regret its mean excess over the "
        f"best level of the draw. Chosen was the level with the least {rule}. A level was "
        f"called the winner where P(best) reached "
        f"{attributes['probability']:g}, every level had been trained at {LEAST_BUDGETS} budgets "
        f"or more, and the budget was at most {FARTHEST:g} times the largest of them. Intervals "
        f"are central and hold {100 * attributes['interval']:g} % of the draws.",
    ]
    return " ".join(filter(None, parts))


def _convergence(fits: Sequence[Fit]) -> str:
    """The worst R-hat and effective sample size of all fits."""
    found = {
        name: [check.value for fit in fits for check in fit.gate.checks if check.id == name]
        for name in ("rhat", "ess_bulk")
    }
    if not (all(found.values()) and all(map(isfinite, chain(*found.values())))):
        return ""
    return (
        f"R-hat was at most {ceil(1000 * max(found['rhat'])) / 1000:g} and the bulk effective "
        f"sample size at least {floor(min(found['ess_bulk']))} for every parameter."
    )
