"""`qqt fit --by group`: a fit for each group, each of its own runs alone."""

import made
from command import qqt

from qqt_bayes.posterior.fit_file import open_fit
from qqt_bayes.sampling import many


def test_each_group_has_a_fit_of_its_own_runs(tmp_path, monkeypatch):
    fitted = []

    def infer(tables, spec, **_):
        for each in tables:
            fitted.append(each)
            yield made.fit_of(each)

    monkeypatch.setattr(many, "fit_many", infer)
    runs, composition = made.tables(groups=2)
    runs.to_csv(tmp_path / "runs.csv", index=False)
    composition.to_csv(tmp_path / "composition.csv", index=False)
    asked = ("fit", tmp_path / "runs.csv", "--composition", tmp_path / "composition.csv")
    qqt(*asked, "--by", "group", "-o", tmp_path / "fit.nc", "--model", "utility", "--yes")
    names = runs["group"].unique().tolist()
    assert [each["group"].values.tolist() for each in fitted] == [[name] for name in names]
    assert sum(each.sizes["run"] for each in fitted) == len(runs)
    for name, each in zip(names, fitted, strict=True):
        path = tmp_path / f"fit-{name.replace(' ', '-')}.nc"
        assert open_fit(path).attrs["data_hash"] == each.attrs["data_hash"]
