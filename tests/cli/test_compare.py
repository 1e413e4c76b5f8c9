"""`qqt compare`: laws side by side, for people and for programs."""

import json
import subprocess
import sys
from types import SimpleNamespace

from command import qqt

from qqt_bayes.comparison import left_out


def test_the_command_offers_every_way_to_leave_out() -> None:
    from qqt_bayes.cli.main import compare

    (option,) = [each for each in compare.params if each.name == "leave_out"]
    assert tuple(option.type.choices) == tuple(left_out.LEAVE_OUT)


def test_compare_prints_laws_and_words(files: SimpleNamespace) -> None:
    result = qqt("compare", files.good, files.free)
    table, words = result.stdout.split("\n\n", 1)
    heading = ["law", "elpd", "behind", "behind se", "weight", "mean crps", "bad k"]
    assert table.splitlines()[0].split() == " ".join(heading).split()
    assert {line.split()[0] for line in table.splitlines()[2:]} == {"utility", "utility-free-size"}
    said = " ".join(words.split())
    assert said.startswith("Laws are compared by how well they predict each run from all others")
    assert "between them" in said
    assert "Combination theorem" in said
    assert max(map(len, words.splitlines())) <= 100


def test_compare_for_programs(files: SimpleNamespace) -> None:
    asked = ("compare", files.good, files.free, "--levels", files.levels, "--budgets", "1B,2B")
    content = json.loads(qqt(*asked, "--format", "json").stdout)
    assert {each["law"] for each in content["laws"]} == {"utility", "utility-free-size"}
    assert len(content["runs"]) == 2 * 12
    assert len(content["deciding_runs"]) == 12
    assert content["next_run"]["budget"] in (1e9, 2e9)
    assert content["next_run"]["level"] in ("top 2", "top 3")
    assert content["size_exponents"][0]["law"] == "utility-free-size"
    result = qqt(*asked, "--format", "csv")
    assert len(result.stdout.splitlines()) == 1 + 2 * 12
    assert result.stdout.startswith("law,run,group,data,pools,samples_seen,error,predicted_median,")
    assert "Laws are compared by" in result.stderr


def test_compare_of_one_model_twice_takes_the_names_of_files(files: SimpleNamespace) -> None:
    laws = json.loads(qqt("compare", files.good, files.bad, "--format", "json").stdout)["laws"]
    assert {each["law"] for each in laws} == {files.good, files.bad}
    assert "given twice" in qqt("compare", files.good, files.good, exit_code=1).stderr
    other = qqt("compare", files.good, files.groups, exit_code=1).stderr
    assert "are fits of different runs" in other
    assert (
        "--refit" in qqt("compare", files.good, "--leave-out", "training-set", exit_code=1).stderr
    )


def test_compare_imports_no_pymc(files: SimpleNamespace) -> None:
    code = (
        "import sys; from qqt_bayes.cli.main import main\n"
        f"main(['compare', {files.good!r}, {files.free!r}], standalone_mode=False)\n"
        "print(*sorted({'nutpie', 'pymc', 'pytensor'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == ""
