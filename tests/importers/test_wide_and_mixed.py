"""Wide tables (budgets, multiples, metrics across) and mixtures given by weights."""

import io

import made_exports as exports
import pandas as pd
import pytest

from qqt_bayes.errors import InputError
from qqt_bayes.importers.needs import NeedsMore
from qqt_bayes.importers.read import import_runs
from qqt_bayes.tables.runs import read_runs


def table(text):
    return pd.read_csv(io.StringIO(text))


def test_budgets_across_become_a_row_each(tmp_path):
    path = exports.write(tmp_path, {"wide.csv": exports.WIDE}) / "wide.csv"
    runs = import_runs(path, columns="pool=filter")
    assert runs["run"].tolist()[:2] == ["top 10% 128M", "top 10% 1.28B"]
    assert runs["samples_seen"].tolist() == [128_000_000, 1_280_000_000] * 2
    assert runs["error"].tolist() == [0.769, 0.641, 0.715, 0.564]
    assert runs.attrs["said"] == [
        "The columns 128M, 1.28B are read as budgets in samples seen.",
        "The values are below 1 and fall along the columns, so they are read as error rates; "
        "give the kind if they are something else.",
    ]


@pytest.mark.parametrize(
    ("first", "second", "budgets"),
    [
        ("128M", "1.28B", [128e6, 1.28e9]),
        ("1e8", "1e9", [1e8, 1e9]),
        ("100000000", "1000000000", [1e8, 1e9]),
        ("10B tokens", "20B tokens", [1e10, 2e10]),
        ("error@64M", "error@128M", [64e6, 128e6]),
        ("error_64M", "error_128M", [64e6, 128e6]),
        ("error (64M)", "error (128M)", [64e6, 128e6]),
        ("64M (error)", "128M (error)", [64e6, 128e6]),
        ("1 epoch", "2 epochs", [5e6, 1e7]),
    ],
)
def test_budgets_are_read_as_people_write_them(first, second, budgets):
    wide = pd.DataFrame({"pool": ["a"], "unique_samples": [5e6], first: [0.7], second: [0.6]})
    assert import_runs(wide)["samples_seen"].tolist() == budgets


def test_values_that_rise_are_asked_about():
    wide = table("pool,unique_samples,1M,2M\na,1000,0.3,0.4\n")
    with pytest.raises(NeedsMore, match=r"kind: what the values are \(from 0.3 to 0.4\)"):
        import_runs(wide)
    assert import_runs(wide, kind="accuracy")["error"].tolist() == [0.7, 0.6]


def test_multiples_ask_of_what():
    with pytest.raises(NeedsMore) as fault:
        import_runs(table(exports.MULTIPLES), kind="loss")
    assert "the names of the columns are multiples" in str(fault.value)
    assert "  size,pool,unique_samples" in str(fault.value).splitlines()
    assert "samples_seen=multiple*COLUMN" in str(fault.value)


def test_multiples_of_a_column_of_the_mapping():
    sizes = pd.DataFrame({"size": ["d512", "d1536"], "params": [1e6, 2e6]})
    sizes = sizes.assign(pool="c4", unique_samples=1e9)
    columns = "samples_seen=multiple*params,group=size"
    runs = import_runs(table(exports.MULTIPLES), kind="loss", columns=columns, mapping=sizes)
    assert runs["samples_seen"].tolist() == [30_000_000, 600_000_000, 60_000_000]
    assert runs["group"].tolist() == ["d512", "d512", "d1536"]
    assert (
        "Left out, because the cell holds no number: d1536 600\u00d7 ('(partial)')."
        in (runs.attrs["said"])
    )


def test_mixtures_come_with_their_composition():
    columns = "samples_seen=total_tokens,unique_samples=total_tokens,error=val_loss"
    runs = import_runs(table(exports.MIXTURES), kind="loss", columns=columns)
    composition = pd.DataFrame(runs.attrs["composition"])
    assert runs["data"].tolist() == ["1", "2"]
    assert composition.to_dict("list") == {
        "data": ["1", "1", "1", "2", "2"],
        "pool": ["web", "books", "code", "web", "books"],
        "unique_samples": [500_000_000, 300_000_000, 200_000_000, 100_000_000, 900_000_000],
    }
    read = read_runs(runs, composition, kind="loss")
    assert read["unique_samples"].sum("pool").values.tolist() == [1e9, 1e9]


def test_mixtures_say_what_the_whole_may_be():
    with pytest.raises(NeedsMore, match="none of them twice, that is 'total_tokens'"):
        import_runs(table(exports.MIXTURES))


def test_weights_in_per_cent_are_weights():
    mixed = table("mix,web,books,samples_seen,unique_samples,error\na,25,75,100,100,0.5\n")
    composition = import_runs(mixed).attrs["composition"]
    assert [row["unique_samples"] for row in composition] == [25, 75]


def test_amounts_that_sum_to_a_total_are_a_mixture_of_that_size():
    mixed = table("mix,web,books,total_tokens,samples_seen,error\na,25,75,100,400,0.5\n")
    runs = import_runs(mixed)
    assert [row["unique_samples"] for row in runs.attrs["composition"]] == [25, 75]
    assert runs.attrs["said"][0] == (
        "The columns web, books sum to 'total_tokens', so they are read as what a mixture takes "
        "from 2 pools."
    )


def test_training_on_one_pool_each_is_no_mixture():
    runs = table("pool,unique_samples,samples_seen,error,is_web,is_code\na,10,100,0.5,1,0\n")
    assert "composition" not in import_runs(runs).attrs


def test_an_accuracy_in_per_cent_is_asked_about_and_then_divided():
    wide = table("pool,unique_samples,samples_seen,top1\na,10,100,25\n")
    with pytest.raises(NeedsMore) as fault:
        import_runs(wide, columns="accuracy=top1")
    assert fault.value.request.arguments == {"kind": "accuracy%"}
    runs = import_runs(wide, columns="accuracy=top1", kind="accuracy%")
    assert runs["error"].tolist() == [0.75]


def test_the_set_that_models_were_tested_on_is_no_pool():
    wide = table("model,downstream_dataset,acc1\na,imagenet,0.5\nb,cifar,0.5\n")
    with pytest.raises(NeedsMore) as fault:
        import_runs(wide)
    assert fault.value.request.columns["metric"] == "downstream_dataset"
    assert "pool" not in fault.value.request.columns


def test_an_error_and_an_accuracy_are_no_mixture():
    runs = table("pool,unique_samples,samples_seen,error,val_acc\na,10,100,0.25,0.75\n")
    assert "composition" not in import_runs(runs).attrs


def test_metrics_across_are_named_and_one_is_chosen():
    wide = table("name,data,train_tokens,unique_tokens,arc,piqa\na,c4,100,10,0.25,0.5\n")
    with pytest.raises(NeedsMore, match="'arc', 'piqa' are from 0 to 1"):
        import_runs(wide)
    columns = "samples_seen=train_tokens,unique_samples=unique_tokens,pool=data"
    with pytest.raises(NeedsMore, match="error or loss or accuracy"):
        import_runs(wide, columns=columns, metric="arc")
    runs = import_runs(wide, columns=columns, metric="arc", kind="accuracy")
    assert runs["error"].tolist() == [0.75]


def test_an_accuracy_called_an_error_is_asked_about():
    wide = table("pool,unique_samples,samples_seen,top1\na,10,100,0.25\n")
    with pytest.raises(NeedsMore, match="what the values of 'top1' are"):
        import_runs(wide, columns="error=top1")
    assert import_runs(wide, columns="accuracy=top1")["error"].tolist() == [0.75]


def test_a_table_in_the_long_words_is_taken_as_it_is():
    runs = table("pool,unique_samples,samples_seen,error,seed\na,10,100,0.25,1\na,10,100,0.5,2\n")
    assert import_runs(runs).drop(columns="run").to_dict("list") == runs.to_dict("list")


def test_how_samples_were_drawn_is_taken_along():
    runs = table("pool,unique_samples,samples_seen,error,replacement\na,10,100,0.25,true\n")
    assert "replacement" in read_runs(import_runs(runs))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "acuracy"}, "unknown kind 'acuracy'; did you mean 'accuracy'"),
        ({"columns": "eror=a"}, "unknown key 'eror'; did you mean 'error'"),
        ({"columns": "error"}, "expected pairs such as"),
        ({"columns": "error=x,error=y"}, "'error' is given twice"),
        ({"columns": "error=arcc"}, "there is no column 'arcc'"),
        ({"columns": "error=error,ppl=error"}, "'error' and 'ppl' both give error"),
        ({"columns": "steps=samples_seen*0"}, "expected a positive number or a column after"),
        ({"columns": 5}, "expected text or a mapping of keys to columns"),
        ({"samples_per_step": -1}, "samples per step: expected a number above 0"),
        ({"samples_per_step": 5}, "samples per step are for steps, but samples_seen counts"),
    ],
)
def test_what_was_given_wrongly_is_named(arguments, words):
    runs = table("pool,unique_samples,samples_seen,error,arc\na,10,100,0.25,0.5\n")
    with pytest.raises(InputError, match=words):
        import_runs(runs, **arguments)


def test_cells_at_fault_are_named_in_one_message():
    runs = table("pool,unique_samples,samples_seen,error\na,12M,100,0.25\nb,10,0.5,0.25\n")
    with pytest.raises(InputError) as fault:
        import_runs(runs)
    assert str(fault.value).splitlines()[1:] == [
        "  row 1, column unique_samples: expected a number of at least 1, got '12M'; write plain "
        "numbers: 12000000",
        "  row 2, column samples_seen: expected a number of at least 1, got 0.5",
        "  human_numbers=True reads such numbers as they are",
    ]


def test_sets_to_test_on_are_no_budgets():
    wide = table("name,ImageNet 1k,ImageNet 21k,Flickr-8k,Flickr-30k,data\na,0.5,0.4,0.3,0.2,c4\n")
    with pytest.raises(NeedsMore, match="read as a table with a row for each run"):
        import_runs(wide)


def test_a_column_that_is_nearly_the_whole_is_no_mixture():
    runs = table("dataset,train_tokens,unique_tokens,arc,piqa\na,1e9,1e9,0.25,0.5\n")
    with pytest.raises(NeedsMore, match="read as a table with a row for each run"):
        import_runs(runs)


def test_a_column_of_rates_is_no_pool():
    runs = table("name,pretrained,avg on 38 datasets,top1\na,openai,0.7,0.5\nb,c4,0.6,0.4\n")
    with pytest.raises(NeedsMore) as fault:
        import_runs(runs)
    assert fault.value.request.columns["pool"] == "pretrained"


def test_a_column_of_samples_is_offered_before_epochs_which_are_never_taken_silently():
    runs = "source,D_tokens,epochs,tokens_trained,val_loss\nc4,100,2,200,3.5\n"
    with pytest.raises(NeedsMore) as fault:
        import_runs(table(runs))
    assert fault.value.request.columns == {
        "error": "val_loss",
        "samples_seen": "tokens_trained",
        "pool": "source",
        "unique_samples": "D_tokens",
    }
    with pytest.raises(NeedsMore) as fault:
        import_runs(table("pool,unique_samples,epochs,error\na,10,2,0.5\n"))
    assert fault.value.request.columns == {"epochs": "epochs"}


def test_a_loss_called_error_is_asked_about_without_a_guess():
    with pytest.raises(NeedsMore) as fault:
        import_runs(table("pool,unique_samples,samples_seen,error\na,10,20,3.5\n"))
    assert fault.value.request.arguments == {"kind": "KIND"}


def test_results_in_another_file_come_by_the_mapping():
    mixed = table("index,web,books\n1,0.25,0.75\n2,0.5,0.5\n")
    with pytest.raises(NeedsMore, match="  run,error,samples_seen,unique_samples\n  1,,,\n"):
        import_runs(mixed)
    results = pd.DataFrame({"index": [1, 2], "error": [0.5, 0.6], "samples_seen": 100})
    runs = import_runs(mixed, mapping=results, columns="unique_samples=samples_seen")
    assert runs["error"].tolist() == [0.5, 0.6]


def test_a_table_in_the_long_words_is_told_its_faults():
    runs = table("pool,unique_samples,samples_seen,error\na,10,20,about 0.5\n")
    with pytest.raises(InputError, match=r"row 1, column error: expected an error rate in"):
        import_runs(runs)


def test_a_run_without_its_epochs_is_a_fault():
    runs = table("pool,unique_samples,epochs,error\na,10,2,0.5\nb,10,,0.5\n")
    with pytest.raises(InputError, match=r"row 2, column epochs: .*got an empty cell"):
        import_runs(runs, columns="epochs=epochs")


def test_numbers_as_people_write_them_are_read_on_request():
    runs = table("filter,size,tokens_seen,error\na,12.8M,128M,0.5\nb,30M,128M,0.4\n")
    columns = "pool=filter,unique_samples=size,samples_seen=tokens_seen"
    with pytest.raises(InputError, match="human_numbers=True"):
        import_runs(runs, columns=columns)
    read = import_runs(runs, columns=columns, human_numbers=True)
    assert read["unique_samples"].tolist() == [12_800_000, 30_000_000]


def test_numbers_as_people_write_them_are_offered():
    runs = table("filter,unique_tokens,tokens_seen,error\na,12.8M,128M,0.5\n")
    with pytest.raises(NeedsMore) as fault:
        import_runs(runs, human_numbers=True)
    assert fault.value.request.columns["unique_samples"] == "unique_tokens"
    assert "human_numbers=True" in str(fault.value)


def test_an_accuracy_in_per_cent_is_offered_as_one():
    with pytest.raises(NeedsMore) as fault:
        import_runs(table("pool,unique_samples,samples_seen,val_acc\na,10,20,41.5\n"))
    assert fault.value.request.columns == {"accuracy%": "val_acc"}


def test_cells_that_only_people_read_are_no_error_rates_by_default():
    wide = table("pool,unique_samples,1M,2M\na,1000,22.1%,30.5%\n")
    with pytest.raises(NeedsMore, match="kind: what the values are"):
        import_runs(wide)
    runs = import_runs(wide, kind="accuracy", human_numbers=True)
    assert runs["error"].tolist() == [0.779, 0.695]


@pytest.mark.parametrize(
    ("names", "budgets"),
    [
        (["640M", "1,28B"], [640e6, 1.28e9]),
        (["1,28B", "1,56B"], [1.28e9, 1.56e9]),
        (["error@0,64B", "error@1,28B"], [640e6, 1.28e9]),
        (["6,400,000", "12,800,000"], [6.4e6, 12.8e6]),
    ],
)
def test_budgets_with_decimal_commas(tmp_path, names, budgets):
    path = tmp_path / "wide.csv"
    path.write_text(f"filter;unique_samples;{';'.join(names)}\ntop;5000000;0,7;0,6\n")
    runs = import_runs(path, columns="pool=filter")
    assert runs["samples_seen"].tolist() == budgets
    assert runs["error"].tolist() == [0.7, 0.6]
    assert not [said for said in runs.attrs["said"] if "not read" in said]


def test_columns_that_are_not_read_are_named():
    wide = table("pool,unique_samples,note,64M,128M,1 280M?\na,5e6,x,0.7,0.6,0.5\n")
    assert import_runs(wide).attrs["said"][-1] == "Columns that are not read: note, 1 280M?."
    doubtful = wide.rename(columns={"1 280M?": "1,280M"}).drop(columns="note")
    assert import_runs(doubtful).attrs["said"][-1] == "Columns that are not read: 1,280M."


def test_steps_times_a_column_of_what_one_sees_are_proposed():
    own = table("pool,unique_samples,step,tokens_per_step,error\na,5e7,9,100,0.7\n")
    with pytest.raises(NeedsMore) as fault:
        import_runs(own)
    assert fault.value.request.columns == {"steps": "step*tokens_per_step"}
    assert import_runs(own, columns=fault.value.request.columns)["samples_seen"].tolist() == [900]
