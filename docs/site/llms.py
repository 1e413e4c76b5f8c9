"""`llms.txt` at the site's root: the list in docs/, whose links lead to pages of the site there."""

import re
from pathlib import Path
from posixpath import join, normpath


def setup(app):
    """Write it once the pages are there."""
    app.connect("build-finished", _write)


def _write(app, exception):
    if exception is None:
        source = Path(app.confdir, "llms.txt").read_text(encoding="utf-8")
        Path(app.outdir, "llms.txt").write_text(for_site(source), encoding="utf-8")


def for_site(text):
    """The list with links from the site's root to its pages."""

    def page(found):
        return f"]({normpath(join('docs', found[1]))}.html)"

    return re.sub(r"\]\(([^)]+)\.md\)", page, text)
