"""Formulas as MathML, made by docutils: browsers draw it themselves, so no script is fetched."""

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml


def setup(app):
    """Register the renderer that `html_math_renderer` names."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))


def _inline(translator, node):
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator, node):
    # A formula that is wider than a phone is scrolled by itself, not with the page.
    translator.body.append(
        f'<div class="formula" tabindex="0">{tex2mathml(node.astext(), True)}</div>'
    )
    raise nodes.SkipNode
