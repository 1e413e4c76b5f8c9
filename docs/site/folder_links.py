"""Links to a folder: a code host shows its README or lists it, and the site does neither."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#:]+)\)")
PAGES = {".md", ".ipynb"}


def setup(app):
    """Rewrite the links of each page as it is read."""
    app.connect("source-read", _to_pages)


def _to_pages(app, docname, source):
    page = app.env.doc2path(docname)
    if page.suffix in PAGES:
        source[0] = linked(page.parent, source[0])


def linked(folder, text):
    """The text of a page in some folder, with links that the site can follow.

    A link to a folder leads to its README; a folder that has none is named in place of a link.
    """

    def link(found):
        words, target = found.groups()
        inside = (folder / target).resolve()
        if not inside.is_dir():
            return found[0]
        if (inside / "README.md").exists():
            return f"[{words}]({target.rstrip('/')}/README.md)"
        return f"{words} (`{inside.relative_to(ROOT).as_posix()}`)"

    return LINK.sub(link, text)
