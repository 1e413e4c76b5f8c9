"""Which quality filter wins at your compute budget, how sure, and what a wrong choice costs.

The rooms of this package, in the order in which data go through them; each imports only those
before it:

========================  ==========================================================================
``tables``                what comes in: runs, compositions, pools and parameters, read and checked
``importers``             what other tools wrote, made into a table of runs
``laws``                  the scaling laws, the combination theorem, and their curves
``model``                 the statistical model: priors, noise, likelihood, coordinates
``posterior``             a fit on disk and opened (`Fit`), its gate, and what it predicts
``sampling``              from runs and a specification to a fit
``decisions``             which level or pools to take, how sure that is, what a mistake costs
``planning``              what runs can teach before a fit, and which run to make next
``calibration``           whether intervals hold as often as they say
``comparison``            laws and baselines compared by what they predict
``report``                results as words, tables and figures
``studies``               several laws fitted, compared and decided on together, in one folder
``asking``                the public fit, study and decision, which ask before they answer
``cli``                   the command ``qqt``
========================  ==========================================================================

The names below are loaded when first used: reading a saved posterior never imports PyMC.  Type
checkers and editors read them from the imports under ``TYPE_CHECKING``.

Nothing is printed; what is decided on the way is told to the loggers below ``qqt_bayes``, which are
silent unless a program listens.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0"

# What is told here is heard where a program, or an option of the command, listens.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "Constraint",
    "Criteria",
    "Fit",
    "InadequateFit",
    "InputError",
    "PlausibilityWarning",
    "Question",
    "__version__",
    "best_shares",
    "best_subsets",
    "build_model",
    "cheapest",
    "check_law",
    "compare_laws",
    "decide",
    "decide_metrics",
    "decide_stack",
    "design",
    "fit",
    "fit_many",
    "frontier",
    "identifiability",
    "import_runs",
    "learned",
    "list_models",
    "load",
    "load_model",
    "load_study",
    "nested_levels",
    "net_benefit",
    "plot_effective_samples",
    "plot_frontier",
    "plot_parameters",
    "plot_plan",
    "plot_prior",
    "plot_probability_best",
    "plot_regret",
    "plot_scaling_curves",
    "plot_utility",
    "pool_purchases",
    "predict",
    "predict_known",
    "priced",
    "prior_predictive",
    "questions",
    "read_composition",
    "read_costs",
    "read_parameters",
    "read_runs",
    "register_law",
    "report",
    "save",
    "simulate_runs",
    "study",
    "study_log",
    "table",
    "text",
]

_MODULE_OF = {
    "Constraint": "decisions.constraints",
    "Criteria": "decisions.criteria",
    "Fit": "posterior.fit",
    "InadequateFit": "errors",
    "InputError": "errors",
    "PlausibilityWarning": "errors",
    "Question": "planning.question",
    "best_shares": "decisions.inclusion",
    "best_subsets": "decisions.subsets",
    "build_model": "model.build",
    "cheapest": "planning.benefit",
    "check_law": "model.check_law",
    "compare_laws": "comparison.loo",
    "decide": "asking.decide",
    "decide_metrics": "asking.decide_metrics",
    "decide_stack": "decisions.decide",
    "design": "planning.proposal",
    "fit": "asking.fit",
    "fit_many": "sampling.many",
    "frontier": "asking.frontier",
    "identifiability": "report.identifiability_text",
    "import_runs": "importers.read",
    "learned": "posterior.prior_sensitivity",
    "list_models": "model.spec",
    "load": "posterior.fit_file",
    "load_model": "model.spec",
    "load_study": "studies.opened",
    "nested_levels": "tables.composition",
    "net_benefit": "planning.benefit",
    "plot_effective_samples": "report.figures.of_fits",
    "plot_frontier": "report.figures.plots",
    "plot_parameters": "report.figures.of_fits",
    "plot_plan": "report.figures.plan",
    "plot_prior": "report.figures.prior",
    "plot_probability_best": "report.figures.plots",
    "plot_regret": "report.figures.plots",
    "plot_scaling_curves": "report.figures.plots",
    "plot_utility": "report.figures.of_fits",
    "pool_purchases": "planning.purchases",
    "predict": "posterior.prediction",
    "predict_known": "posterior.prediction",
    "priced": "planning.benefit",
    "prior_predictive": "posterior.prior_predictive",
    "questions": "planning.questions",
    "read_composition": "tables.composition",
    "read_costs": "planning.costs",
    "read_parameters": "tables.parameters",
    "read_runs": "tables.runs",
    "register_law": "laws.own",
    "report": "studies.page",
    "save": "posterior.fit_file",
    "simulate_runs": "calibration.simulate",
    "study": "asking.study",
    "study_log": "studies.log",
    "table": "report.results",
    "text": "report.results",
}
"""The module, below this package, from which each public name is loaded."""

if TYPE_CHECKING:  # the same names and modules as in `_MODULE_OF`, which a test compares
    from qqt_bayes.asking.decide import decide
    from qqt_bayes.asking.decide_metrics import decide_metrics
    from qqt_bayes.asking.fit import fit
    from qqt_bayes.asking.frontier import frontier
    from qqt_bayes.asking.study import study
    from qqt_bayes.calibration.simulate import simulate_runs
    from qqt_bayes.comparison.loo import compare_laws
    from qqt_bayes.decisions.constraints import Constraint
    from qqt_bayes.decisions.criteria import Criteria
    from qqt_bayes.decisions.decide import decide_stack
    from qqt_bayes.decisions.inclusion import best_shares
    from qqt_bayes.decisions.subsets import best_subsets
    from qqt_bayes.errors import InadequateFit, InputError, PlausibilityWarning
    from qqt_bayes.importers.read import import_runs
    from qqt_bayes.laws.own import register_law
    from qqt_bayes.model.build import build_model
    from qqt_bayes.model.check_law import check_law
    from qqt_bayes.model.spec import list_models, load_model
    from qqt_bayes.planning.benefit import cheapest, net_benefit, priced
    from qqt_bayes.planning.costs import read_costs
    from qqt_bayes.planning.proposal import design
    from qqt_bayes.planning.purchases import pool_purchases
    from qqt_bayes.planning.question import Question
    from qqt_bayes.planning.questions import questions
    from qqt_bayes.posterior.fit import Fit
    from qqt_bayes.posterior.fit_file import load, save
    from qqt_bayes.posterior.prediction import predict, predict_known
    from qqt_bayes.posterior.prior_predictive import prior_predictive
    from qqt_bayes.posterior.prior_sensitivity import learned
    from qqt_bayes.report.figures.of_fits import (
        plot_effective_samples,
        plot_parameters,
        plot_utility,
    )
    from qqt_bayes.report.figures.plan import plot_plan
    from qqt_bayes.report.figures.plots import (
        plot_frontier,
        plot_probability_best,
        plot_regret,
        plot_scaling_curves,
    )
    from qqt_bayes.report.figures.prior import plot_prior
    from qqt_bayes.report.identifiability_text import identifiability
    from qqt_bayes.report.results import table, text
    from qqt_bayes.sampling.many import fit_many
    from qqt_bayes.studies.log import study_log
    from qqt_bayes.studies.opened import load_study
    from qqt_bayes.studies.page import report
    from qqt_bayes.tables.composition import nested_levels, read_composition
    from qqt_bayes.tables.parameters import read_parameters
    from qqt_bayes.tables.runs import read_runs
else:  # a type checker that saw `__getattr__` would accept any misspelt name

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "report":  # a package that can be called, as it says itself
            return import_module(f"{__name__}.report")
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
