"""Decisions as prose names things: what holds a comma stands in quotation marks."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qqt_bayes.phrases import quoted


def spoken(decision: xr.Dataset) -> xr.Dataset:
    """A decision whose levels, pools and metrics are called as sentences call them.

    Parameters
    ----------
    decision : Dataset

    Returns
    -------
    Dataset
        The same one where no name holds a comma.

    Examples
    --------
    >>> levels = {"level": ["all, of it", "best"]}
    >>> found = spoken(xr.Dataset({"choice": ("budget", np.array(["all, of it"]))}, levels))
    >>> found["level"].values.tolist(), found["choice"].values.tolist()
    (['"all, of it"', 'best'], ['"all, of it"'])
    """
    names = {
        name: quoted(name)
        for dim in ("level", "pool", "metric")
        if dim in decision.coords
        for name in map(str, decision[dim].values.ravel())
        if quoted(name) != name
    }
    if not names:
        return decision
    told = decision.copy()
    for key, variable in decision.variables.items():
        if variable.dtype.kind in "UOT":  # words, of which any may be such a name
            words = [names.get(str(word), str(word)) for word in variable.values.ravel()]
            values = np.array(words).reshape(variable.shape)
            told[key] = (variable.dims, values, variable.attrs)
    return told
