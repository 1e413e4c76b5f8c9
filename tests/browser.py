"""A browser, if one is installed, that shows pages as readers see them."""

import shutil

import pytest

BROWSER = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
needs_browser = pytest.mark.skipif(
    BROWSER is None,
    reason="NO BROWSER: chromium is not installed, so nobody saw whether the page's script works",
)
