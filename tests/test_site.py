"""The parts of the site's build that are our own: links, the list for programs, no requests."""

import sys

import pytest
from pages import DOCS

sys.path.append(str(DOCS / "site"))

import folder_links
import inventories
import llms
import offline


def test_a_link_to_a_folder_leads_to_its_readme_or_names_it() -> None:
    shown = "[a](../case_studies/cherti), [b](trust.md#laws), [c](inventories/), [d](start)"
    assert folder_links.linked(DOCS, shown) == (
        "[a](../case_studies/cherti/README.md), [b](trust.md#laws), c (`docs/inventories`), "
        "d (`docs/start`)"
    )


def test_the_list_for_programs_leads_to_the_pages_of_the_site() -> None:
    shown = "[Changes](../CHANGELOG.md), [Money](money.md), [Law](theory/law.md)"
    assert llms.for_site(shown) == (
        "[Changes](CHANGELOG.html), [Money](docs/money.html), [Law](docs/theory/law.html)"
    )


@pytest.mark.parametrize(
    "asking",
    [
        '<script defer src="https://there.org/a.js">',
        '<link rel="stylesheet" href="//there.org/a.css">',
        "@import 'https://there.org/a.css'",
        "src: url(https://there.org/font.woff2)",
        '<img alt="a" src="http://there.org/a.png">',
    ],
)
def test_a_page_that_asks_another_machine_is_found(asking: str) -> None:
    assert offline.ASKED.search(asking)


@pytest.mark.parametrize(
    "silent",
    [
        '<script src="../_static/a.js">',
        '<a href="https://there.org">',
        '<link rel="canonical" href="https://there.org/">',
        "background: url(data:image/svg+xml;base64,AAAA)",
    ],
)
def test_a_page_that_only_points_there_is_not(silent: str) -> None:
    assert not offline.ASKED.search(silent)


def test_every_word_that_is_linked_is_in_an_inventory() -> None:
    """Else a docstring with this word breaks the build."""
    lists = (DOCS / "inventories").glob("*.txt")
    known = {line.split()[0] for each in lists for line in each.read_text().splitlines()}
    for place in inventories.CLASSES.values():
        assert place in known or place.startswith("qqt_bayes."), place
