"""Tables of specifications: what is refused, and the line that says why."""

import re

import made
import pytest
from made_spec import SOUND

from qqt_bayes.errors import InputError
from qqt_bayes.model.distributions import Prior
from qqt_bayes.model.spec import Spec, load_model

# What is written in the place of what, and the line that comes of it ("..." leaves words out).
UTILITY = 'law = "utility"'
DAMAGES = {
    "no name": ('name = "sound"', "", "name: expected a text, but it is missing"),
    "name a number": ('"sound"', "7", "name: expected a text, got 7 (int)"),
    "summary a list": (UTILITY, 'summary = ["x"]', "summary: expected a text, got ['x'] (list)"),
    "references a text": (
        UTILITY,
        'references = "x"',
        "references: expected a list of texts, got 'x' (str)",
    ),
    "reference a number": (
        UTILITY,
        'references = ["x", 1]',
        "references[1]: expected a text, got 1 (int)",
    ),
    "key misspelt": (
        UTILITY,
        "size_refrence = 1e8",
        "size_refrence: a specification has no such key; did you mean 'size_reference'?",
    ),
    "key strange": (
        UTILITY,
        "xyz = 1",
        "xyz: a specification has no such key; it has name, summary, law, references, ...",
    ),
    "no law": (UTILITY, "", "law: expected one of utility, ..., but it is missing"),
    "law in capitals": (
        UTILITY,
        'law = "UTILITY"',
        "law: expected one of ..., got 'UTILITY' (str); did you mean 'utility'?",
    ),
    "law unknown": (
        UTILITY,
        'law = "xyz"',
        "law: expected one of ..., got 'xyz' (str); a law of your own is known after ...",
    ),
    "law a list": (UTILITY, "law = []", "law: expected one of ..., got [] (list)"),
    "law without half-life": (
        UTILITY,
        'law = "power-law"\nsize_reference = 1e8',
        "size_reference: law 'power-law' has no half-life to quote; leave it out",
    ),
    "size zero": (
        UTILITY,
        "size_reference = 0",
        "size_reference: expected a number above 0, got 0 (int)",
    ),
    "size random": (
        UTILITY,
        "size_reference = { nu = 3 }",
        "size_reference: expected a number above 0, got {'nu': 3} (dict)",
    ),
    "no parameter": (
        "d = 0.1",
        "",
        "parameters.d: expected a number of at least 0 or a prior, but it is missing",
    ),
    "parameter surplus": (
        "d = 0.1",
        "xyz = 1",
        "parameters.xyz: law 'utility' has no such key; it has a, b, d, tau, size_exponent",
    ),
    "parameter misspelt": (
        "size_exponent",
        "size_exponnet",
        "parameters.size_exponnet: law 'utility' ...; did you mean 'size_exponent'?",
    ),
    "number negative": ("d = 0.1", "d = -0.1", "parameters.d: ..., got -0.1 (float)"),
    "boolean": ("d = 0.1", "d = true", "parameters.d: ..., got True (bool)"),
    "text for a number": ("d = 0.1", 'd = "0.1"', "parameters.d: ..., got '0.1' (str)"),
    "date for a number": ("d = 0.1", "d = 2024-01-01", "parameters.d: ... (date)"),
    "infinite": (
        "size_exponent = 1",
        "size_exponent = inf",
        "parameters.size_exponent: expected a finite number or a prior, got inf (float)",
    ),
    "not a number": ("d = 0.1", "d = nan", "parameters.d: ..., got nan (float)"),
    "beyond a float": ("d = 0.1", f"d = 1{'0' * 400}", "parameters.d: ..., got 1000...000 (int)"),
    "prior in a list": ("d = 0.1", "d = [{ nu = 3 }]", "parameters.d: ... got [{'nu': 3}] (list)"),
    "prior empty": (
        "d = 0.1",
        "d = {}",
        "parameters.d.distribution: expected one of Normal, ..., but it is missing",
    ),
    "distribution in small letters": (
        '"LogNormal", mu',
        '"lognormal", mu',
        "parameters.a.distribution: ..., got 'lognormal' (str); did you mean 'LogNormal'?",
    ),
    "distribution key misspelt": (
        "a = { distribution",
        "a = { distributon",
        "parameters.a.distributon: a distribution has no such key; did you mean 'distribution'?",
    ),
    "prior by something else": (
        "sigma = 2 }",
        'sigma = 2, per = "budget" }',
        "parameters.a.per: expected one of reference_budget, got 'budget' (str)",
    ),
    "prior by the budget of what is no scale of samples": (
        "sigma = 3",
        'sigma = 3\nper = "reference_budget"',
        "parameters.tau.per: TruncatedNormal has no such key; ...",
    ),
    "prior by the budget that cannot move": (
        '"LogNormal", mu = -4, sigma = 2 }',
        '"HalfNormal", sigma = 2, per = "reference_budget" }',
        "parameters.a.per: moves the centre of a prior: expected LogNormal, with a number or a "
        "Normal of two numbers for mu, got HalfNormal; change it, or leave per out",
    ),
    "distribution's parameter missing": (
        "mu = -4, sigma = 2",
        "mu = -4",
        "parameters.a.sigma: expected a number above 0 or a prior, but it is missing",
    ),
    "distribution's parameter misspelt": (
        "mu = -4, sigma",
        "mu = -4, simga",
        "parameters.a.simga: LogNormal has no such key; did you mean 'sigma'?",
    ),
    "scale zero": (
        "sigma = 0.7",
        "sigma = 0",
        "parameters.b.mu.sigma: expected a number above 0 or a prior, got 0 (int)",
    ),
    "scale that may be negative": (
        '"HalfNormal", sigma = 0.5',
        '"Normal", mu = 1, sigma = 0.5',
        "parameters.b.sigma: expected a prior that gives a number above 0, but Normal goes down to "
        "-inf; try LogNormal, HalfNormal or TruncatedNormal with lower = 0",
    ),
    "parameter that may be negative": (
        "lower = 0",
        "lower = -1",
        "parameters.tau: ... a number above 0, but TruncatedNormal goes down to -1; try ...",
    ),
    "share that may be anything": (
        "nu = 5",
        'nu = 5\ncommon = { distribution = "Normal", mu = 0.5, sigma = 0.1 }',
        "likelihood.common: expected a prior that gives a number between 0 and 1, but Normal goes "
        "down to -inf; try Beta",
    ),
    "not truncated below": ("lower = 0", "", "parameters.tau: ... goes down to -inf; try ..."),
    "bounds in the wrong order": (
        "lower = 0",
        "lower = 2\nupper = 2",
        "parameters.tau: expected lower below upper, got 2 and 2",
    ),
    "bound random": (
        "lower = 0",
        "lower = { nu = 3 }",
        "parameters.tau.lower: expected a finite number, got {'nu': 3} (dict)",
    ),
    "bound misspelt": (
        "lower = 0",
        "lowr = 0",
        "parameters.tau.lowr: TruncatedNormal has no such key; did you mean 'lower'?",
    ),
    "over misspelt": (
        'over = "pool"',
        'ovre = "pool"',
        "parameters.tau.ovre: TruncatedNormal has no such key; did you mean 'over'?",
    ),
    "over an unknown dimension": (
        'over = "pool"',
        'over = "pools"',
        "parameters.tau.over: cannot be 'pools' here; did you mean 'pool'?",
    ),
    "over a strange dimension": (
        'over = "pool"',
        'over = "seed"',
        "parameters.tau.over: cannot be 'seed' here; can be group, pool",
    ),
    "over a dimension twice": (
        '["pool", "group"]',
        '["pool", "group", "pool"]',
        "parameters.b.over: a dimension comes twice in ['pool', 'group', 'pool']",
    ),
    "over a number": (
        'over = "pool"',
        "over = [1]",
        'parameters.tau.over: expected "group", "pool" or a list of them, got [1] (list)',
    ),
    "inner prior over more than the outer": (
        '["pool", "group"]',
        '"pool"',
        "parameters.b.mu.over: cannot be 'group' here; can be pool",
    ),
    "inner prior over something in a shared one": (
        'over = ["pool", "group"]',
        "",
        "parameters.b.mu.over: cannot be 'group' here, inside a shared prior",
    ),
    "likelihood misspelt": (
        "[likelihood]",
        "[likelyhood]",
        "likelyhood: a specification has no such key; did you mean 'likelihood'?",
    ),
    "likelihood unknown": (
        'distribution = "StudentT"',
        'distribution = "LogNormal"',
        "likelihood.distribution: expected one of Normal, StudentT, got 'LogNormal' (str)...",
    ),
    "likelihood without nu": ("nu = 5", "", "likelihood.nu: expected a number above 0 ..."),
    "likelihood with a location": (
        "nu = 5",
        "mu = 0",
        "likelihood.mu: StudentT has no such key...",
    ),
    "noise per pool": (
        "sigma = 0.01 }",
        'sigma = 0.01, over = "pool" }',
        "likelihood.sigma.over: cannot be 'pool' here; can be group",
    ),
}


@pytest.mark.parametrize(("old", "new", "line"), DAMAGES.values(), ids=DAMAGES)
def test_damage(write, old, new, line):
    assert old in SOUND
    pattern = re.escape(line).replace(re.escape("..."), ".*")
    with pytest.raises(InputError, match=rf"(?m)^  {pattern}$"):
        load_model(write(SOUND.replace(old, new, 1)))


def test_all_faults_in_one_message(write):
    path = write('name = "x"\nlaw = "power-law"\n[parameters]\na = -1\nb = 0.1\nd = true\n')
    with pytest.raises(InputError) as caught:
        load_model(path)
    assert str(caught.value).splitlines() == [
        f"{path}: 3 faults",
        "  parameters.a: expected a number above 0 or a prior, got -1 (int)",
        "  parameters.d: expected a number of at least 0 or a prior, got True (bool)",
        "  likelihood.distribution: expected one of Normal, StudentT, but it is missing",
    ]


def test_no_tables():
    table = {"name": "x", "law": "power-law", "parameters": 3, "likelihood": "Normal"}
    with pytest.raises(InputError) as caught:
        Spec.from_dict(table)
    assert "  parameters: expected a table, got 3 (int)" in str(caught.value)
    assert "  likelihood: expected a table, got 'Normal' (str)" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "3 faults(\n  (name|law|likelihood.distribution): .* but it is missing){3}$"),
        ("a = 1\nb = = 2\n", r"mine.toml: expected a TOML file: .*line 2"),
        ("a = 1\na = 2\n", r"mine.toml: expected a TOML file: .*line 2"),
        (b"name = '\xff'", "mine.toml: expected a TOML file: .*can't decode byte 0xff"),
        (
            "a = " + 5000 * "[" + 5000 * "]",
            "mine.toml: expected a TOML file, but its values nest too",
        ),
    ],
)
def test_damaged_file(write, content, sentence):
    with pytest.raises(InputError, match=sentence):
        load_model(write(content))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[parameters.b" + ".mu" * 5000 + "]", "its values nest too deeply"),
        (
            "size_reference = 0x" + "f" * 5000,
            "size_reference: .* got a number of thousands of digits",
        ),
        ("name = 0x" + "f" * 5000, "name: expected a text, got a number of thousands of digits"),
    ],
    ids=["deep", "endless number", "endless name"],
)
def test_beyond_all_measure(tmp_path, text, sentence):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        load_model(path)


@pytest.mark.parametrize(
    ("scatter", "sentence"),
    [
        ({"common": 1.0}, "likelihood.common: expected a number between 0 and 1 or a prior, got 1"),
        ({"common": Prior("HalfNormal", {"sigma": 1.0})}, "HalfNormal goes up to inf; try Beta"),
        ({"budget_exponent": float("inf")}, "likelihood.budget_exponent: expected a finite number"),
    ],
)
def test_what_no_share_or_power_can_be(scatter, sentence):
    with pytest.raises(InputError, match=sentence):
        load_model(made.scattered(**scatter))
