"""Folders that evaluations leave: lm-evaluation-harness, DataComp, CLIP_benchmark, OpenCLIP."""

import made_exports as exports
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.importers.needs import NeedsMore
from qqt_bayes.importers.read import import_runs
from qqt_bayes.tables.runs import read_runs

SETS = pd.DataFrame(
    {"run": ["top10", "top30"], "pool": ["a", "b"], "unique_samples": 1e8, "samples_seen": 1e9}
)


@pytest.fixture
def harness(tmp_path):
    files = {
        "top10/results_2024-05-01T10-00-00.json": exports.harness(0.25),
        "top10/results_2024-06-01T10-00-00.json": exports.harness(0.375),
        "top30/results_2024-05-01T10-00-00.json": exports.harness(0.5),
    }
    return exports.write(tmp_path, files)


def test_the_last_of_repeated_evaluations_is_taken_with_its_number_of_examples(harness):
    runs = import_runs(harness, mapping=SETS, metric="hellaswag acc_norm")
    assert runs["error"].tolist() == [0.5, 0.375]
    assert runs["n_eval"].tolist() == [10042, 10042]
    assert "Evaluated more than once, the last is taken: top10." in runs.attrs["said"]
    assert "error = 1 - hellaswag acc_norm." in runs.attrs["said"]


def test_a_task_with_one_measure_is_metric_enough(harness):
    runs = import_runs(harness, mapping=SETS, metric="wikitext")
    assert runs.attrs["kind"] == "loss"
    assert runs["error"].tolist() == pytest.approx([2.995732, 2.995732])


def test_a_task_with_several_measures_is_asked_about(harness):
    with pytest.raises(InputError, match="unknown metric 'hellaswag'; did you mean"):
        import_runs(harness, mapping=SETS, metric="hellaswag")


def test_standard_errors_are_no_metrics(harness):
    with pytest.raises(NeedsMore) as fault:
        import_runs(harness)
    assert (
        "metric: which of 4 to take: 'hellaswag acc', 'hellaswag acc_norm', "
        "'gsm8k exact_match,strict-match', 'wikitext word_perplexity'" in str(fault.value)
    )
    assert "run,samples_seen,pool,unique_samples" in str(fault.value)


def test_one_results_file_names_its_model(tmp_path):
    exports.write(tmp_path, {"results.json": exports.harness(0.25)})
    with pytest.raises(NeedsMore, match="/ckpt/a,,,"):
        import_runs(tmp_path / "results.json")


def test_all_damaged_files_come_in_one_message(harness):
    exports.write(harness, {"top10/results_b.json": '{"results": ', "top30/results_b.json": ""})
    with pytest.raises(InputError) as fault:
        import_runs(harness)
    assert "2 faults" in str(fault.value)
    assert "row 1, character 13: not valid JSON" in str(fault.value)
    assert "the file is empty" in str(fault.value)


@pytest.mark.parametrize("column", ["run", "path"])
@pytest.mark.parametrize("inner", ["", "eval/"])
def test_datacomp_is_read_by_the_folders_of_the_runs(tmp_path, column, inner):
    files = {
        f"top10/{inner}eval_results.jsonl": exports.datacomp(0.25),
        f"top30/{inner}eval_results.jsonl": exports.datacomp(0.5),
    }
    exports.write(tmp_path, files)
    runs = import_runs(tmp_path, mapping=SETS.rename(columns={"run": column}), metric="imagenet1k")
    assert runs["run"].tolist() == ["top10", "top30"]
    assert runs["error"].tolist() == [0.75, 0.5]


def test_datacomp_without_a_mapping_says_its_runs_and_metrics(tmp_path):
    exports.write(tmp_path, {"top10/eval/eval_results.jsonl": exports.datacomp(0.25)})
    with pytest.raises(NeedsMore) as fault:
        import_runs(tmp_path)
    assert "which of 2 to take: 'imagenet1k', 'fairness/fairface'" in str(fault.value)
    assert "  top10,,," in str(fault.value).splitlines()


def test_datacomp_with_a_mapping_asks_only_for_the_metric(tmp_path):
    exports.write(tmp_path, {"top10/eval/eval_results.jsonl": exports.datacomp(0.25)})
    with pytest.raises(NeedsMore) as fault:
        import_runs(tmp_path, mapping=SETS[:1])
    assert len(fault.value.request.needs) == 1
    assert "mapping=..., metric='METRIC'" in str(fault.value)


def test_clip_benchmark_is_read_by_model_and_metric(tmp_path):
    files = {f"{name}.json": exports.clip_benchmark(name, 0.5) for name in ("laion", "openai")}
    exports.write(tmp_path, files)
    sets = SETS.assign(run=["ViT-B-32 laion", "ViT-B-32 openai"])
    runs = import_runs(tmp_path, mapping=sets, metric="imagenet1k acc1")
    assert runs["error"].tolist() == [0.5, 0.5]


def test_open_clip_gives_the_last_checkpoint_and_epochs_count_unique_samples(tmp_path):
    lines = [{"imagenet-zeroshot-val-top1": 0.125 * epoch, "epoch": epoch} for epoch in (1, 2)]
    exports.write(tmp_path, {f"{name}/checkpoints/results.jsonl": lines for name in SETS["run"]})
    runs = import_runs(
        tmp_path,
        mapping=SETS.drop(columns="samples_seen"),
        columns="accuracy=imagenet-zeroshot-val-top1,epochs=epoch",
    )
    assert runs["samples_seen"].tolist() == [200_000_000, 200_000_000]
    assert runs["error"].tolist() == [0.75, 0.75]
    assert "samples_seen = epoch x unique_samples." in runs.attrs["said"]


def test_folders_of_datacomp_ask_whether_shards_were_drawn_with_replacement(tmp_path):
    exports.write(tmp_path, {"top10/eval_results.jsonl": exports.datacomp(0.25)})
    plain, drawn = (
        import_runs(tmp_path, mapping=sets, metric="imagenet1k")
        for sets in (SETS[:1], SETS[:1].assign(replacement=True))
    )
    assert any(said.startswith("DataComp draws shards") for said in plain.attrs["said"])
    assert not any("replacement" in said for said in drawn.attrs["said"])
    assert "replacement" in read_runs(drawn)
    assert "replacement" not in read_runs(plain)


def test_one_file_of_datacomp_is_named_by_its_folder(tmp_path):
    exports.write(tmp_path, {"top10/eval/eval_results.jsonl": exports.datacomp(0.25)})
    path = tmp_path / "top10/eval/eval_results.jsonl"
    runs = import_runs(path, mapping=SETS[:1], metric="imagenet1k")
    assert runs["run"].tolist() == ["top10"]
    assert runs["error"].tolist() == [0.75]


def test_the_table_of_clip_benchmark_has_what_models_were_tested_on_as_metric():
    table = pd.DataFrame([exports.clip_benchmark(name, 0.5) for name in ("laion", "openai")])
    table = table.drop(columns="metrics").assign(acc1=[0.5, 0.25], acc5=0.9)
    sets = SETS.assign(run=["ViT-B-32 laion", "ViT-B-32 openai"])
    runs = import_runs(table, mapping=sets, metric="imagenet1k acc1")
    assert runs["error"].tolist() == [0.5, 0.75]
