"""Where links to other projects' names lead, without asking them while the site is built.

Sphinx reads such places from an `objects.inv` of each project.  No package of these projects ships
it and a build may have no network, so `docs/inventories/` lists, by hand, only the names that our
pages and docstrings use: one line each, as in an inventory (name, domain:role, priority, address,
title).  Here they are packed into the form that Sphinx reads.
"""

import zlib

ADDRESSES = {
    "python": "https://docs.python.org/3/",
    "numpy": "https://numpy.org/doc/stable/",
    "pandas": "https://pandas.pydata.org/docs/",
    "xarray": "https://docs.xarray.dev/en/stable/",
    "matplotlib": "https://matplotlib.org/stable/",
    "arviz": "https://python.arviz.org/en/stable/",
    "pymc": "https://www.pymc.io/projects/docs/en/stable/",
}
HEAD = (
    "# Sphinx inventory version 2\n# Project: {}\n# Version: \n"
    "# The remainder of this file is compressed using zlib.\n"
)

CLASSES = {
    "Axes": "matplotlib.axes.Axes",
    "Constraint": "qqt_bayes.Constraint",
    "Costs": "qqt_bayes.planning.costs.Costs",
    "Criteria": "qqt_bayes.Criteria",
    "DataArray": "xarray.DataArray",
    "DataFrame": "pandas.DataFrame",
    "DataTree": "xarray.DataTree",
    "Dataset": "xarray.Dataset",
    "Figure": "matplotlib.figure.Figure",
    "Fit": "qqt_bayes.Fit",
    "Model": "pymc.model.core.Model",
    "Gate": "qqt_bayes.posterior.gate.Gate",
    "Identifiability": "qqt_bayes.report.identifiability_text.Identifiability",
    "Path": "pathlib.Path",
    "Plan": "qqt_bayes.planning.plan.Plan",
    "Priced": "qqt_bayes.planning.benefit.Priced",
    "Question": "qqt_bayes.Question",
    "Series": "pandas.Series",
    "Spec": "qqt_bayes.model.spec.Spec",
    "Study": "qqt_bayes.decisions.study.Study",
}
"""What the words of a docstring's types stand for."""
ALIASES = {word: f":class:`{word} <{place}>`" for word, place in CLASSES.items()} | {
    "mapping": ":term:`python:mapping`"
}


def mapping(lists, packed):
    """Pack the lists of names and say where Sphinx finds them.

    Parameters
    ----------
    lists, packed : Path
        Folder of the lists, `NAME.txt`, and the folder that `NAME.inv` are written to.

    Returns
    -------
    dict
        `intersphinx_mapping`.
    """
    packed.mkdir(parents=True, exist_ok=True)
    for name in ADDRESSES:
        names = (lists / f"{name}.txt").read_bytes()
        whole = HEAD.format(name).encode() + zlib.compress(names)
        (packed / f"{name}.inv").write_bytes(whole)
    return {name: (where, str(packed / f"{name}.inv")) for name, where in ADDRESSES.items()}
