"""Columns that a table lacks: what the message says of those that it has."""

import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.tables.runs import read_runs


def fault(header: str, *rows: str, kind: str = "error") -> InputError:
    """What is said of a table, given as CSV."""
    columns = header.split(",")
    frame = pd.DataFrame([row.split(",") for row in rows], columns=columns, dtype=object)
    with pytest.raises(InputError) as caught:
        read_runs(frame, kind=kind)
    return caught.value


def proposed(error: InputError) -> tuple[dict[str, str], str]:
    (advice,) = [each for each in error.advice if "columns" in each.arguments]
    return dict(advice.arguments["columns"]), str(advice.arguments.get("kind", ""))


TABLES = [
    # header, row, kind; mapping, kind proposed
    (
        "source,size,N_params,D_tokens,epochs,D_prime_tokens,tokens_trained,D_over_N,val_loss,"
        "D_eff_fit,val_loss_pred,resid_log",
        "repeat,60m,60000000,300000000,2,300000000,600000000,5.0,5.7035,591440214,5.2,0.08",
        "repeat,30m,30000000,300000000,4,900000000,1200000000,3.0,4.8439,591440214,5.2,0.08",
        "error",
        "error=val_loss samples_seen=tokens_trained unique_samples=D_tokens pool=source group=size",
        "loss",
    ),
    (
        "model_fullname,arch,samples_seen,gmacs,upstream_dataset,downstream_dataset,acc1,acc5",
        "L-14 openai,L-14,12.8e9,87.73,WIT,imagenet1k,0.7549,0.946",
        "B-16 openai,B-16,12.8e9,20.57,WIT,imagenet1k,0.68,0.918",
        "error",
        "accuracy=acc1 pool=upstream_dataset group=arch",
        "",
    ),
    (
        "metrics.val_loss,metrics.tokens_seen,params.dataset,params.unique_tokens,params.lr",
        "5.6401,600000000,dolma,300000000,0.001",
        ",,dolma,300000000,0.003",
        "loss",
        "error=metrics.val_loss samples_seen=metrics.tokens_seen pool=params.dataset "
        "unique_samples=params.unique_tokens",
        "",
    ),
    (
        "pool,unique_samples,epochs,error",
        "dolma,300000000,2,5.6",
        "dolma,300000000,4,4.8",
        "loss",
        "epochs=epochs",
        "",
    ),
    (
        "filter,unique_samples,step,top1",
        "a,30M,1000,71.2",
        "b,40M,2000,75",
        "error",
        "accuracy%=top1 pool=filter steps=step*SAMPLES_PER_STEP",
        "",
    ),
    (
        "dataset,unique tokens,train/tokens,eval/bpb",
        "a,30,100,0.9",
        "b,40,200,0.8",
        "loss",
        "loss_bits=eval/bpb samples_seen=train/tokens unique_samples=unique_tokens pool=dataset",
        "",
    ),
    (
        "subset,pool size,samplesSeen,wordPerplexity",
        "a,30,100,20.9",
        "b,40,200,18",
        "error",
        "ppl=wordPerplexity samples_seen=samplesSeen unique_samples=pool_size pool=subset",
        "",
    ),
    (
        "Pool,Unique Samples,Samples Seen,Error",
        "a,10,100,0.5",
        "b,10,100,0.4",
        "error",
        "error=Error samples_seen=Samples_Seen unique_samples=Unique_Samples pool=Pool",
        "",
    ),
    (
        "pool,unique_samples,sample_seen,val_err_rate",
        "a,10,100,35.2",
        "b,10,100,34",
        "error",
        "error%=val_err_rate samples_seen=sample_seen",
        "",
    ),
    (
        "lr,pool,unique_samples,samples_seen,Caltech-101,EuroSAT",
        "0.1,a,10,100,0.95,0.6",
        "0.01,b,10,100,0.9,0.7",
        "error",
        "accuracy=Caltech-101",
        "",
    ),
]


@pytest.mark.parametrize(("header", "row", "other", "kind", "mapping", "kind_proposed"), TABLES)
def test_columns_that_look_like_what_is_needed(header, row, other, kind, mapping, kind_proposed):
    columns, kind_found = proposed(fault(header, row, other, kind=kind))
    expected = dict(pair.split("=", 1) for pair in mapping.split())
    assert {key: name.replace(" ", "_") for key, name in columns.items()} == expected
    assert kind_found == kind_proposed


def test_what_is_proposed_works_as_it_stands():
    header, row, other, *_ = TABLES[0]
    columns, kind = proposed(fault(header, row, other))
    frame = pd.DataFrame([row.split(","), other.split(",")], columns=header.split(","))
    runs = read_runs(frame, columns=columns, kind=kind)
    assert runs["error"].values.tolist() == [5.7035, 4.8439]
    assert runs.attrs["unit"] == "tokens"


def test_the_whole_message():
    error = fault("name,pretrained,ImageNet 1k,MNIST", "H-14,dfn5b,0.8437,0.83", "L,openai,0.7,0.8")
    assert str(error).splitlines() == [
        "runs table: 3 faults",
        "  missing column 'samples_seen'",
        "  missing column 'error'",
        "  missing column 'data', or 'pool' with 'unique_samples'",
        "  the columns are 'name', 'pretrained', 'ImageNet 1k', 'MNIST'",
        "  error: 'ImageNet 1k' and 1 other hold numbers in [0, 1]: if accuracies, "
        "accuracy=ImageNet 1k takes error = 1 - 'ImageNet 1k'",
        "  samples_seen: no column looks like it; add one",
        "  unique_samples: no column looks like it; add one",
        "  pool: 'pretrained' looks like it",
        "  if these are right, columns={'accuracy': 'ImageNet 1k', 'pool': 'pretrained'} says so; "
        "samples_seen and unique_samples have to be added",
    ]


@pytest.mark.parametrize(
    "header",
    [
        "size,30\u00d7,60\u00d7",
        "filter,128M,640M,1.28B",
        "data,loss@1B,loss@10B",
        "x,64M samples,1B samples",
    ],
)
def test_a_wide_table_is_told_what_it_is(header):
    cells = ",".join(["a", *["0.5"] * header.count(",")])
    said = str(fault(header, cells))
    assert "look like budgets: a table of runs has one row for each run, with its budget" in said
    assert "looks like it" not in said


def test_a_chart_of_many_runs_is_told_what_it_is():
    said = str(fault("Step,a - loss,a - loss__MIN,a - loss__MAX", "1,2,2,2"))
    assert "are a chart of many runs, as W&B exports it" in said


def test_a_column_is_proposed_once_and_others_like_it_are_named():
    said = str(fault("pool,unique_samples,samples_seen,a/val_loss,b/val_loss", "x,1,2,3.5,3.6"))
    assert "error: 'a/val_loss' looks like it, a loss (so do 'b/val_loss')" in said


def test_a_column_that_an_option_names_is_listed_among_those_there_are():
    frame = pd.DataFrame({"pool": ["a"], "unique_samples": 1, "samples_seen": 1, "error": 0.5})
    with pytest.raises(InputError) as caught:
        read_runs(frame, group="arch")
    assert str(caught.value).splitlines()[1:] == [
        "  missing column 'arch'",
        "  the columns are 'pool', 'unique_samples', 'samples_seen', 'error'",
    ]


def test_with_a_composition_the_column_of_its_training_sets_is_proposed():
    composition = pd.DataFrame({"data": ["x", "y"], "pool": "a", "unique_samples": [5, 6]})
    frame = pd.DataFrame({"source": "web", "mix": ["x", "y"], "samples_seen": 9, "error": 0.5})
    with pytest.raises(InputError) as caught:
        read_runs(frame, composition)
    assert "data: 'mix' looks like it: it names training sets of the" in str(caught.value)
    assert proposed(caught.value) == ({"data": "mix"}, "")
    assert "unique_samples" not in str(caught.value).splitlines()[-1]


def test_a_proposal_keeps_what_the_user_gave():
    frame = pd.DataFrame({"src": ["a"], "D": 1, "seen_by": 9, "samples_seen_x": 9, "e": 0.5})
    given = {"error": "e", "pool": "src", "unique_samples": "D*1e6"}
    with pytest.raises(InputError) as caught:
        read_runs(frame, columns=given)
    assert proposed(caught.value) == (given | {"samples_seen": "samples_seen_x"}, "")


def test_a_table_without_a_header_is_told_so():
    said = str(fault("top 10%,12800000,128000000,0.769", "top 20%,25600000,128000000,0.721"))
    assert "the header holds numbers ('0.769'): a table of runs starts with a line that" in said
    assert "budgets" not in said


def test_names_of_single_runs_are_proposed_as_no_groups():
    rows = [f"m{i},{i % 2},a,10,100,0.5" for i in range(8)]
    columns, _ = proposed(fault("model_name,arch,filter,unique,seen,Err", *rows))
    assert columns["pool"] == "filter"
    assert "group" not in columns


def test_the_samples_of_a_step_are_for_the_user_to_say():
    error = fault("pool,unique_samples,step,error", "a,10,100,0.5")
    assert str(error).endswith("says so, with a number in place of SAMPLES_PER_STEP")
    assert proposed(error) == ({"steps": "step*SAMPLES_PER_STEP"}, "")


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        (
            "summary.tokens,summary.val/loss,config.dataset,config.unique_tokens",
            "samples_seen=summary.tokens error=summary.val/loss pool=config.dataset "
            "unique_samples=config.unique_tokens",
        ),
        (
            "images_seen,loss,filter,kept_images",
            "samples_seen=images_seen error=loss pool=filter unique_samples=kept_images",
        ),
        ("seen,loss,filter,kept", "samples_seen=seen error=loss pool=filter unique_samples=kept"),
        (
            "seen,loss,filter,n_kept",
            "samples_seen=seen error=loss pool=filter unique_samples=n_kept",
        ),
        (
            "tokens,metrics.loss,params.mix,dataset_tokens",
            "samples_seen=tokens error=metrics.loss pool=params.mix unique_samples=dataset_tokens",
        ),
    ],
)
def test_names_as_trackers_and_filters_write_them(header, mapping):
    rows = "1e9,3.5,c4,5e8", "2e9,3.2,dolma,6e8"
    found = dict(pair.split("=") for pair in mapping.split())
    assert proposed(fault(header, *rows)) == (found, "loss")


@pytest.mark.parametrize("each", ["tokens_per_step", "batch_tokens", "config.tokens_per_batch"])
def test_steps_times_what_one_sees_are_proposed_and_read(each):
    header = f"step,{each},pool,unique_samples,error"
    rows = "100,1000000,a,5e7,0.7", "200,1000000,b,5e7,0.6"
    columns, _ = proposed(fault(header, *rows))
    assert columns == {"steps": f"step*{each}"}
    table = pd.DataFrame([row.split(",") for row in rows], columns=header.split(","))
    assert read_runs(table, columns=columns)["samples_seen"].values.tolist() == [1e8, 2e8]


def test_what_has_to_be_added_is_said_beside_what_is_proposed():
    error = fault("val_loss,pool,unique_samples", "3.5,a,1000", "3.2,b,1000", kind="loss")
    assert str(error).endswith("says so; samples_seen has to be added")
