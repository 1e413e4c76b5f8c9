"""A page that was parsed: its elements, their words, and that it is valid and loads nothing."""

import re
from functools import cache

import html5lib

LOADING = {"link", "img", "iframe", "object", "embed", "base", "audio", "video", "source", "image"}
"""Elements that fetch something."""


@cache  # the largest takes seconds
def parsed(path):
    """The page as a tree; a parse error is raised, not mended."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(
        path.read_text(encoding="utf-8")
    )


def require_loads_nothing(tree):
    """No element fetches anything, each id is there once, and there is one script of ours."""
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert [each.get("type") for each in tree.iter("script")] == ["application/json", None]
    for each in tree.iter():
        tag = each.tag if isinstance(each.tag, str) else ""
        assert tag.rpartition("}")[2] not in LOADING
        for attribute, value in each.attrib.items():
            assert not str(attribute).startswith("on"), attribute
            assert attribute not in ("src", "href", "action", "data", "srcset"), value
            assert "url(" not in value or re.fullmatch(r"url\(#[\w-]+\)", value), value
    (style,) = tree.iter("style")
    assert "url(" not in words(style)
    assert "@import" not in words(style)


def rows_of(element):
    """The words of every cell of every row of a table."""
    return [[words(cell) for cell in row] for row in element.iter("tr")]


def words(element):
    return " ".join("".join(element.itertext()).split())


def by_id(tree, name):
    (found,) = (each for each in tree.iter() if each.get("id") == name)
    return found
