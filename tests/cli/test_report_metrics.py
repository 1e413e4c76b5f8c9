"""`qqt report` of a folder of studies by metric: the page, how metrics are joined, and faults."""

import json

import pytest
from command import loading, qqt
from made_study import carry_out_each

WEIGHTS = {"imagenet top-1": 3.0, "retrieval": 1.0}
BOUND = "retrieval<=0.62@0.9"
HEAVY = ("arviz", "dask", "matplotlib", "nutpie", "pymc", "pytensor", "pandas.io.formats.style")
"""What takes longer to import than a page to write."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Studies that were joined by equal weights."""
    out = tmp_path_factory.mktemp("report") / "study"
    carry_out_each(out)
    return out


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """Studies that were joined by weights and a bound."""
    out = tmp_path_factory.mktemp("joined") / "study"
    carry_out_each(out, weights=WEIGHTS, require=[BOUND])
    return out


def verdict_of(result):
    return " ".join(result.stdout.split("\n\n")[0].split())


def test_a_page_begins_as_the_decision_across_metrics(folder, tmp_path):
    told = verdict_of(qqt("decide", folder))
    for ending in (".html", ".md", ".tex"):
        page = tmp_path / f"page{ending}"
        done = qqt("report", folder, "-o", page)
        assert done.stdout == ""
        assert done.stderr.startswith(f"{page} holds the studies of all metrics, ")
        first = "At 5B samples take" if "At 5B samples take" in told else "At 5B samples"
        assert first in page.read_text()
    said = json.loads(qqt("report", folder, "-o", page, "--format", "json").stdout)
    assert said == {"schema": 1, "report": str(page), "bytes": page.stat().st_size}


def test_metrics_are_joined_as_they_were_unless_it_is_said_otherwise(folder, joined, tmp_path):
    page = tmp_path / "page.md"
    done = qqt("report", joined, "-o", page)
    assert "--metric-weights and --require joins them otherwise" in done.stderr
    assert "weights are imagenet top-1 0.75 and retrieval 0.25" in page.read_text()
    assert "error of retrieval at most 0.62 with probability 0.9" in page.read_text()
    qqt("report", joined, "-o", page, "--metric-weights", "imagenet top-1=1,retrieval=1")
    assert "the 2 metrics weigh the same" in page.read_text()
    assert "at most 0.62" in page.read_text()
    done = qqt("report", joined, "-o", page, "--require", "")
    assert "--require" not in done.stderr
    assert "at most 0.62" not in page.read_text()
    assert "0.75 and retrieval 0.25" in page.read_text()
    done = qqt("report", folder, "-o", page, "--require", BOUND)
    assert "joins them otherwise" not in done.stderr
    assert "at most 0.62" in page.read_text()


def test_a_decision_joins_metrics_as_they_were_too(joined):
    done = qqt("decide", joined, "--format", "json")
    said = json.loads(done.stdout)
    assert [each["weight"] for each in said["metrics"]] == [0.75, 0.25]
    assert [each["constraint"] for each in said["constraints"]] == [BOUND]
    assert "Metrics are joined as `qqt study` was asked to" in done.stderr
    options = ("--metric-weights", "imagenet top-1=1,retrieval=1", "--require", "")
    other = json.loads(qqt("decide", joined, "--format", "json", *options).stdout)
    assert [each["weight"] for each in other["metrics"]] == [0.5, 0.5]
    assert other["constraints"] == []


def test_no_page_waits_for_what_only_fits_and_figures_need(folder, tmp_path):
    done = loading(["report", str(folder), "-o", "page.html"], HEAVY, tmp_path)
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == ""


def test_faults_are_one_sentence(folder, tmp_path):
    page = tmp_path / "page.html"
    done = qqt("report", folder, "-o", page, "--allowance", "1B", exit_code=1)
    assert done.stderr == (
        "runs are proposed by what they are worth for one metric, not for several: report the "
        "study of one metric alone, or leave out --allowance 1B\n"
    )
    one = folder / "retrieval"
    for options in (("--require", BOUND), ("--metric-weights", "retrieval=1")):
        done = qqt("report", one, "-o", page, *options, exit_code=2)
        assert f"{options[0]} is for several metrics" in done.stderr
    done = qqt("report", folder, "-o", page, "--metric-weights", "vtab=1", exit_code=1)
    assert "there is no metric 'vtab'" in done.stderr
    done = qqt("report", folder, "-o", one / "decision.json", exit_code=1)
    assert "decision.json cannot be written: it is read, too" in done.stderr
    assert not page.exists()


def test_a_page_may_stand_in_the_folder(folder):
    page = folder / "page.html"
    qqt("report", folder, "-o", page)
    qqt("report", folder, "-o", page)
    qqt("decide", folder)
    page.unlink()
