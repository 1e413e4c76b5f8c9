"""Links to a folder, which a code host shows by its README, lead to that README in the site."""

import re

LINK = re.compile(r"\]\(([^)\s#:]+)\)")


def setup(app):
    """Rewrite the links of each Markdown page as it is read."""
    app.connect("source-read", _to_readme)


def _to_readme(app, docname, source):
    page = app.env.doc2path(docname)
    if page.suffix == ".md":
        source[0] = LINK.sub(lambda found: _link(page.parent, found[1]), source[0])


def _link(folder, target):
    inside = f"{target.rstrip('/')}/README.md"
    return f"]({inside if (folder / inside).exists() else target})"
