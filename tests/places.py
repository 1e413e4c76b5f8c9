"""Where things lie in a working copy, so that no test counts the folders above it."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
DATA = TESTS / "data"
MODELS = ROOT / "models"
CASE_STUDIES = ROOT / "case_studies"
