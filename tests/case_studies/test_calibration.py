"""The study in `case_studies/calibration`: what it calibrates and keeps, what its page lists."""

import numpy as np
import pandas as pd
from drawn_ranks import made_ranks
from places import CASE_STUDIES

from qqt_bayes.model.spec import list_models, load_model, require_kind

STUDY = CASE_STUDIES / "calibration"


def test_the_page_lists_every_scalar_outside_its_band(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(STUDY)
    page = __import__("sbc_page")
    rows = [
        {
            "block": 0,
            "replication": i,
            "failed": failed,
            "times": times,
            "departures": departures,
            "lower": 0.1,
            "upper": 0.3,
            "inside": departures or i > 0,
        }
        for i, failed in enumerate([np.nan, "rhat", "residuals_budget; rhat", np.nan])
        for times in (1, 4)
        for departures in (False, True)
    ]
    fits = {"calibrated": made_ranks(1.0), "wide": made_ranks(0.6)}
    settings = {"calibration": {"draws": 500, "chains": 4}, "misspecification": {"draws": 1000}}
    page.write_page(tmp_path, fits, {"one by other": pd.DataFrame(rows)}, settings)
    text = (tmp_path / "sbc.md").read_text()
    assert "outside the joint band are 1, of wide (of 2 " in text
    section = text.split("## Every scalar outside a band")[1].split("##")[0]
    assert "| wide | b |" in section
    assert "| intervals are too wide |" in section
    assert "| one by other | 1x | no | 0.75 | 0.25 | 0.5 | 0.2 | 4 |" in text
    assert "| one by other | 4x | yes | 1 | 0 | 1 | 0.2 | 4 |" in text
    assert "| one by other | 4 | 0.5 | 0.25 |" in text
    kept = pd.read_csv(tmp_path / "sbc.csv")
    assert kept[["spec", "scalar"]].values.tolist() == [
        [spec, scalar] for spec in fits for scalar in ("a", "b")
    ]
    assert kept["inside_jointly"].tolist() == [True, True, True, False]
    assert (tmp_path / "sbc.png").exists()


def test_the_study_calibrates_every_shipped_specification(monkeypatch):
    monkeypatch.syspath_prepend(STUDY)
    study = __import__("sbc")
    entries = list(study.entries(500))
    assert [each["spec"] for each in entries if each["truth"] is None] == list_models()
    assert len(set(map(study.file_of, entries))) == len(entries) == 14 + 4
    assert sum(len(study.blocks(each)) for each in entries) == 14 * 10 + 4
    for each in entries:
        spec, runs = load_model(each["spec"]), study.read(each["design"])
        require_kind(spec, runs.attrs["kind"])
        over = {dim for prior in spec.parameters.values() for dim in getattr(prior, "over", ())}
        assert runs.sizes["group"] == (2 if each["spec"] == "cherti" else 1)
        allowed = spec.name in {"cherti", "data-constrained"} or "effective-reuse" in spec.name
        assert "group" not in over or allowed
    assert study.fixed("utility-free-size", {"size_exponent": 0.0}).parameters["size_exponent"] == 0


def test_the_study_goes_on_where_it_was(monkeypatch, tmp_path):
    """Blocks that are kept are not made again, unless something else has made them."""
    monkeypatch.syspath_prepend(STUDY)
    study, made_now = __import__("sbc"), []

    def calibrated(*_, seed, **__):
        made_now.append(seed)
        return made_ranks(1.0, count=study.BLOCK).assign_attrs(legal=0.4)

    monkeypatch.setattr(study, "simulation_based_calibration", calibrated)
    monkeypatch.setattr(study, "KEPT", tmp_path)
    monkeypatch.setattr(study, "made_by", lambda _: f"1e{study.SETTINGS['draws']}0000")
    few, many = (next(iter(study.entries(count))) for count in (study.BLOCK + 1, 3 * study.BLOCK))
    for entry in (few, many, many):
        study.work(entry, say=lambda *_, **__: None)
    assert made_now == [0, 1, 2]
    kept = study.calibration_of(study.load(few))
    once = made_ranks(1.0, study.BLOCK)["rank"]
    np.testing.assert_array_equal(kept["rank"], np.tile(once, (2, 1)))
    assert kept["scalar"].values.tolist() == ["a", "b"]
    assert kept["rank"].dtype == int
    assert (kept["legal"] == 0.4).all()
    monkeypatch.setattr(study, "SETTINGS", study.SETTINGS | {"draws": 1000})
    assert study.load(many).empty
