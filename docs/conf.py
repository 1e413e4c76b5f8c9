"""How Sphinx builds the site: `make docs` writes it into build/docs.

The source folder is the root of the repository, so that a relative link between Markdown pages
leads to the same place on a code host and in the site.  Nothing is fetched while building or while
reading: formulas are MathML, and the inventories that links to other projects go through are in
`inventories/`, written by hand from the names that our docstrings use.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "site"))

# The folder holds no package, so it is put on the path before its modules are imported.
import folder_links  # noqa: E402  after the path
import inventories  # noqa: E402  after the path
import llms  # noqa: E402  after the path
import mathml  # noqa: E402  after the path
import offline  # noqa: E402  after the path

from qqt_bayes import __version__  # noqa: E402  after the path

project = "qqt_bayes"
author = copyright = "The qqt_bayes developers"
version = release = __version__
language = "en"

root_doc = "docs/index"
include_patterns = ["docs/**", "case_studies/**", "CHANGELOG.md"]
exclude_patterns = ["**.template.md", "**/.ipynb_checkpoints", "docs/templates"]
extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx_click",
]

# Every reference must lead somewhere (`--nitpicky`), but for single backquotes: they name
# parameters, too.
default_role = "py:obj"
nitpick_ignore_regex = [("py:obj", ".*")]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# Notebooks show the output that was committed; their own tests execute them.
nb_execution_mode = "off"
# Widgets would be fetched from elsewhere, and no notebook has one.
nb_ipywidgets_js = {}

autosummary_generate = True
templates_path = [str(HERE / "templates")]  # autosummary would seek them at the root
autodoc_typehints = "none"  # numpydoc's sections say the types in words
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"
numpydoc_xref_aliases = inventories.ALIASES
intersphinx_mapping = inventories.mapping(
    HERE / "inventories", HERE.parent / "build" / "inventories"
)

html_theme = "pydata_sphinx_theme"
html_title = "qqt_bayes"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_extra_path = ["site/index.html"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 6,
}
html_context = {"default_mode": "auto"}


def setup(app):
    """Add what no extension does, see `site/`."""
    mathml.setup(app)
    folder_links.setup(app)
    llms.setup(app)
    offline.setup(app)
