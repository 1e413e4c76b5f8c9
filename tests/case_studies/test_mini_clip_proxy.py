"""The trainings on parts of pools in `case_studies/mini_clip`, and the page made from them."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import pandas as pd
import pytest
from places import CASE_STUDIES

import qqt_bayes as qqt

STUDY = CASE_STUDIES / "mini_clip"


@pytest.fixture(scope="module")
def proxy():
    """The study's module, without leaving `study` to other case studies, which have one as well."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("study", "proxy"):
            spec = spec_from_file_location(name, STUDY / f"{name}.py")
            patch.setitem(sys.modules, name, module_from_spec(spec))
            spec.loader.exec_module(sys.modules[name])
        yield sys.modules["proxy"]


def test_the_toolkit_reads_parts_at_the_epochs_of_the_whole(proxy):
    for world in proxy.WORLDS:
        tables = (
            pd.read_csv(STUDY / f"worlds/{world}/{name}.csv")
            for name in ("proxy", "proxy_composition")
        )
        runs = qqt.read_runs(*tables)
        settings = proxy.settings(world)
        sizes, budgets = pd.Series(settings["sizes"], list("ABCD")), settings["budgets"]
        cells = pd.DataFrame({name: runs[name] for name in ("data_index", "samples_seen", "seed")})
        assert (cells.groupby(["data_index", "samples_seen"])["seed"].nunique() == 5).all()
        for place, data in enumerate(runs["data"].to_numpy()):
            name, _, parts = data.removesuffix(" grouped").partition("/")
            taken = runs["unique_samples"].sel(data=data, pool=name.split("+")).to_series()
            assert (taken == sizes[taken.index] // int(parts or 1)).all()
            seen = set(cells.loc[cells["data_index"] == place, "samples_seen"].astype(int))
            least = [samples // 8 for samples in budgets[:3]]
            assert seen == ({samples // int(parts) for samples in budgets} if parts else set(least))


def test_its_page_is_that_of_its_tables(proxy):
    assert proxy.page() == (STUDY / "proxy.md").read_text(encoding="utf-8")
