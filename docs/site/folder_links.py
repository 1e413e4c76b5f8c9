"""Links to a folder, which a code host shows by its README, lead to that README in the site."""

import re

LINK = re.compile(r"\]\(([^)\s#:]+)\)")


def setup(app):
    """Rewrite the links of each Markdown page as it is read."""
    app.connect("source-read", _to_readme)


def _to_readme(app, docname, source):
    page = app.env.doc2path(docname)
    if page.suffix == ".md":
        source[0] = linked(page.parent, source[0])


def linked(folder, text):
    """The text of a page in some folder, with links that the site can follow."""

    def link(found):
        inside = f"{found[1].rstrip('/')}/README.md"
        return f"]({inside if (folder / inside).exists() else found[1]})"

    return LINK.sub(link, text)
