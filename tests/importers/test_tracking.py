"""Charts and tables of runs that Weights & Biases and MLflow export."""

import made_exports as exports
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.importers.needs import NeedsMore
from qqt_bayes.importers.read import import_runs

POOLS = pd.DataFrame(
    {"run": ["dclm_s1", "c4 - a_s1"], "pool": ["dclm", "c4"], "unique_samples": [1e8, 2e8]}
)
LOGGED = (
    "error=metrics.val_loss,samples_seen=metrics.tokens_seen,pool=params.dataset,"
    "unique_samples=params.unique_tokens"
)


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "export.csv"
        path.write_text(content)
        return path

    return written


def test_a_chart_gives_the_last_value_of_each_run_at_its_own_step(write):
    runs = import_runs(write(exports.CHART), mapping=POOLS, samples_per_step=512)
    assert runs.drop(columns="metric").to_dict("list") == {
        "run": ["dclm_s1", "c4 - a_s1"],
        "pool": ["dclm", "c4"],
        "unique_samples": [100_000_000, 200_000_000],
        "samples_seen": [900 * 512, 400 * 512],
        "error": [3.66, 4.4],
    }
    assert runs.attrs["kind"] == "loss"
    assert runs.attrs["said"] == [
        "Of each run the last value is taken, for 2 curves; they end at Step 400 to 900.",
        "Left out, because the column is empty: never - eval/CE loss.",
        "By its name 'eval/CE loss' is taken for a loss.",
        "samples_seen = Step x 512.",
    ]


def test_a_chart_says_all_that_it_cannot_know_at_once(write):
    path = write(exports.CHART)
    with pytest.raises(NeedsMore) as fault:
        import_runs(path)
    assert str(fault.value).splitlines() == [
        f"{path}: read as a chart exported from Weights & Biases (2 runs), but more is needed.",
        "Of each run the last value is taken, for 2 curves; they end at Step 400 to 900.",
        "Left out, because the column is empty: never - eval/CE loss.",
        "By its name 'eval/CE loss' is taken for a loss.",
        "Still needed:",
        "  - samples_per_step: how many samples (or tokens) one step of 'Step' sees: batch size "
        "times devices times accumulation (times sequence length); where runs differ, "
        "steps=Step*COLUMN with a column of the mapping",
        "  - pool: what a run was trained on (filter, source, data set); no column looks like it, "
        "so a mapping table gives it",
        "  - unique_samples: how many different samples of the pool a run could see; no column "
        "looks like it, so a mapping table gives it",
        "A mapping table begins so; fill it in and save it as mapping.csv:",
        "  run,pool,unique_samples",
        "  dclm_s1,,",
        "  c4 - a_s1,,",
        "Ready to paste, with what is in capitals filled in:",
        f"  qqt_bayes.import_runs({str(path)!r}, samples_per_step=N, mapping='mapping.csv')",
    ]


def test_runs_without_a_row_of_the_mapping_are_named(write):
    runs = import_runs(write(exports.CHART), mapping=POOLS[:1], samples_per_step=512)
    assert runs["run"].tolist() == ["dclm_s1"]
    assert "Left out, because the mapping has no row for them: c4 - a_s1." in runs.attrs["said"]


def test_a_row_of_the_mapping_without_a_run_is_a_fault(write):
    with pytest.raises(InputError, match=r"row 1: no run is called 'dclm_s2'.*'dclm_s1'"):
        import_runs(write(exports.CHART), mapping=POOLS.replace("dclm_s1", "dclm_s2"))


def test_a_chart_of_two_metrics_asks_for_one(write):
    second = exports.CHART.replace("c4 - a_s1 - eval/CE loss", "dclm_s1 - eval/acc")
    with pytest.raises(NeedsMore, match="which of 2 to take: 'eval/CE loss', 'eval/acc'"):
        import_runs(write(second))


def test_a_run_that_ended_in_no_number_is_left_out(write):
    runs = import_runs(
        write(exports.CHART.replace('"3.66"', '"NaN"')), mapping=POOLS, samples_per_step=512
    )
    assert runs["run"].tolist() == ["c4 - a_s1"]
    assert any("holds no number: dclm_s1 ('NaN')" in said for said in runs.attrs["said"])


def test_runs_that_failed_are_left_out_and_named(write):
    runs = import_runs(write(exports.MLFLOW), kind="loss", columns=LOGGED)
    assert runs["run"].tolist() == ["dolma_e2", "dolma_e8"]
    assert runs["samples_seen"].tolist() == [600_000_000, 2_400_000_000]
    assert "Left out, because they did not finish: dolma_e8_oom (failed)." in runs.attrs["said"]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (exports.MLFLOW, LOGGED),
        (
            exports.WANDB,
            "error=summary.val/loss,samples_seen=summary.tokens_seen,pool=config.dataset,"
            "unique_samples=config.unique_tokens",
        ),
        (exports.WANDB_FLAT, "error=eval_loss,steps=_step*N,pool=dataset"),
        (
            exports.WANDB_NESTED,
            "accuracy=summary.val_acc,steps=summary._step*N,pool=config.dataset",
        ),
    ],
    ids=["mlflow", "wandb", "wandb flat", "wandb nested"],
)
def test_a_table_of_runs_offers_the_columns_that_look_like_it(write, content, columns):
    path = write(content)
    with pytest.raises(NeedsMore) as fault:
        import_runs(path)
    assert f"columns={columns!r})" in str(fault.value).splitlines()[-1]


def test_what_is_offered_works_as_it_stands(write):
    path = write(exports.WANDB)
    with pytest.raises(NeedsMore) as fault:
        import_runs(path)
    request = fault.value.request
    runs = import_runs(path, columns=dict(request.columns), **request.arguments)
    assert runs["error"].tolist() == [3.21, 3.35]
    assert not request.open


def test_names_that_repeat_are_told_apart_by_their_rows(write):
    pools = pd.DataFrame({"dataset": ["c4"], "unique_samples": 1e6})
    runs = import_runs(
        write(exports.WANDB_FLAT),
        mapping=pools,
        kind="loss",
        columns="error=eval_loss,steps=_step*512,pool=dataset",
    )
    assert runs["run"].tolist() == ["dog", "dog (row 3)"]


def test_an_export_of_failed_runs_only_has_none_left(write):
    with pytest.raises(InputError, match=r"no run is left\. Left out, because they did not finish"):
        import_runs(write(exports.MLFLOW.replace("FINISHED", "KILLED")))


def test_a_chart_over_time_says_that_time_counts_no_samples(write):
    with pytest.raises(NeedsMore, match="'Relative Time' counts no samples: export"):
        import_runs(write(exports.CHART.replace("Step", "Relative Time")))


def test_a_chart_over_tokens_needs_no_size_of_a_step(write):
    runs = import_runs(
        write(exports.CHART.replace('"Step"', '"tokens"')),
        mapping=POOLS,
        columns="samples_seen=tokens",
    )
    assert runs["samples_seen"].tolist() == [900, 400]
