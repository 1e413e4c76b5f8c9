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

ALIASES = {
    "Axes": ":class:`Axes <matplotlib.axes.Axes>`",
    "Constraint": ":class:`Constraint <qqt_bayes.Constraint>`",
    "Criteria": ":class:`Criteria <qqt_bayes.Criteria>`",
    "DataArray": ":class:`DataArray <xarray.DataArray>`",
    "DataFrame": ":class:`DataFrame <pandas.DataFrame>`",
    "DataTree": ":class:`DataTree <xarray.DataTree>`",
    "Dataset": ":class:`Dataset <xarray.Dataset>`",
    "Fit": ":class:`Fit <qqt_bayes.Fit>`",
    "Model": ":class:`Model <pymc.model.core.Model>`",
    "Path": ":class:`Path <pathlib.Path>`",
    "Question": ":class:`Question <qqt_bayes.Question>`",
    "Series": ":class:`Series <pandas.Series>`",
    "mapping": ":term:`python:mapping`",
}
"""What the words of a docstring's types lead to."""


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
