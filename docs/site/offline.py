"""No page asks another machine for anything while it is read: a warning for each that does."""

import re
from pathlib import Path

ASKED = re.compile(
    r"""<(?:script|img|iframe|source|video)\b[^>]*\bsrc=["'](?:https?:)?//[^"']*"""
    r"""|<link\b[^>]*\brel=["'](?:stylesheet|preload|icon|preconnect)["'][^>]*\bhref=["'](?:https?:)?//[^"']*"""
    r"""|\burl\(["']?(?:https?:)?//[^)]*|@import\s+["'](?:https?:)?//[^"']*"""
)


def setup(app):
    """Look through the pages and style sheets once they are there."""
    app.connect("build-finished", _warn)


def _warn(app, exception):
    from sphinx.util import logging

    if exception is None:
        logger = logging.getLogger(__name__)
        for path in sorted(Path(app.outdir).rglob("*")):
            if path.suffix in {".html", ".css"}:
                for found in ASKED.findall(path.read_text(encoding="utf-8")):
                    logger.warning("%s asks for %s", path.relative_to(app.outdir), found)
