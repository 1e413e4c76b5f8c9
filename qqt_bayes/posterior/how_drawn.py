"""How the draws of a fit were made, as its sampler recorded it in the attributes of its statistics.

`qqt_bayes.sampling` writes these attributes and whoever describes a fit reads them here.  A fit of
an earlier version lacks some of them: what was not recorded is None, and nothing is said of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qqt_bayes.posterior.fit import Fit
from qqt_bayes.posterior.gate import KEPT_OF

DENSITY, COMPILED, DECLARED = "density", "compiled", "declared"
"""Attribute that names the log density that was used, with the density that this package compiles
for all models and that of the model which PyMC declares for one table."""
TUNE, TARGET_ACCEPT, TARGETS, REPEATED_FOR = "tune", "target_accept", "targets", "repeated_for"
"""Attributes of the no-U-turn sampler: tuning steps of each chain and acceptance rate aimed at, of
the draws that were kept; the rates of all passes; and for what a pass was repeated."""
DIVERGENCES, DISAGREEMENT = "divergences", "disagreement"
"""For what a pass is repeated."""
SETTINGS = "inference_library_settings"
"""Attribute with the settings of nutpie as JSON, which fits of every version have."""


@dataclass(frozen=True)
class HowDrawn:
    """How the draws of a fit were made; None is what it does not say.

    Attributes
    ----------
    density : str or None
        `COMPILED` or `DECLARED`.
    tune : int or None
        Tuning steps of each chain.
    target_accept : float or None
        Acceptance rate that the kept draws aimed at.
    targets : tuple of float
        The same of every pass that was made, the last one that of the kept draws.
    repeated_for : tuple of str or None
        For what a pass would have been repeated: `DIVERGENCES`, `DISAGREEMENT`; empty where the
        user asked for one acceptance rate, so that there was one pass in any case.
    kept_of : int
        Of how many draws one was kept.
    low_rank : bool
        Whether the mass matrix learned correlations.
    """

    density: str | None = None
    tune: int | None = None
    target_accept: float | None = None
    targets: tuple[float, ...] = ()
    repeated_for: tuple[str, ...] | None = None
    kept_of: int = 1
    low_rank: bool = False

    @classmethod
    def of(cls, fit: Fit) -> HowDrawn:
        """Read it from a fit.

        Parameters
        ----------
        fit : Fit
            With its sample_stats.
        """
        attributes = fit.datasets["sample_stats"].attrs
        nutpie = json.loads(attributes.get(SETTINGS, "{}"))
        # a study's folder may hold a fit from before the number of tuning steps was recorded
        tune = attributes.get(TUNE, nutpie.get("settings", {}).get("num_tune"))
        target, repeated = attributes.get(TARGET_ACCEPT), attributes.get(REPEATED_FOR)
        return cls(
            density=attributes.get(DENSITY),
            tune=None if tune is None else int(tune),
            target_accept=None if target is None else float(target),
            targets=tuple(json.loads(attributes.get(TARGETS, "[]"))),
            repeated_for=None if repeated is None else tuple(json.loads(repeated)),
            kept_of=int(attributes.get(KEPT_OF, 1)),
            low_rank=nutpie.get("adaptation") == "low_rank",
        )


def of_passes(targets: list[float], tune: int, repeated_for: list[str]) -> Mapping[str, Any]:
    """What the no-U-turn sampler records of its passes, as attributes of a file: lists as JSON.

    Parameters
    ----------
    targets : list of float
        Acceptance rates aimed at, of all passes.
    tune : int
        Tuning steps of each chain in the last.
    repeated_for : list of str
    """
    return {
        TARGET_ACCEPT: targets[-1],
        TARGETS: json.dumps(targets),
        TUNE: tune,
        REPEATED_FOR: json.dumps(repeated_for),
    }
