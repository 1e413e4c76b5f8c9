"""Formulas as MathML, made by docutils: browsers draw it themselves, so no script is fetched."""

import re
from html import escape

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
# Browsers leave no space between the name of a function and its argument, but before a bracket.
APPLIED = re.compile(r"(<mo>&ApplyFunction;</mo>)(?!\s*<mo stretchy|\s*<mrow>\s*<mo)")


def setup(app):
    """Register the renderer that `html_math_renderer` names."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))


def _inline(translator, node):
    translator.body.append(_mathml(node))
    raise nodes.SkipNode


def _block(translator, node):
    # A formula that is wider than a phone is scrolled by itself, not with the page.
    formula = _mathml(node, as_block=True)
    translator.body.append(f'<div class="formula" tabindex="0">{formula}</div>')
    raise nodes.SkipNode


def _mathml(node, as_block=False):
    tex = node.astext()
    try:
        return APPLIED.sub(r'\1<mspace width="0.17em"></mspace>', tex2mathml(tex, as_block))
    except MathError as fault:
        LOGGER.warning("no MathML for %r: %s", tex, fault, location=node)
        return f"<code>{escape(tex)}</code>"
