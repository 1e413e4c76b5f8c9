"""What the pages of the documentation show is what the package does: names, options, examples."""

import doctest
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pages import DOCS, SPAN, blocks, command_lines, written
from places import ROOT

import qqt_bayes as qqt
from qqt_bayes.cli.main import main

PAGES = [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in written()]
NOW = [page for page in PAGES if "CHANGELOG" not in str(page.id)]
"""Pages about what there is; a change log also names what there was."""
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
OPTION = re.compile(r"--[a-z][a-z-]*")


OF_DOCKER = {"--build-arg", "--read-only", "--tmpfs"}


def with_code(*languages: str) -> list[object]:
    return [page for page in PAGES if blocks(page.values[0], *languages)]


@pytest.mark.parametrize("page", with_code("pycon"))
def test_examples_of_a_page_give_what_it_shows(
    page: Path, users_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, as a reader types them, among a user's files."""
    monkeypatch.chdir(users_files)
    source = "\n".join(blocks(page, "pycon"))
    example = doctest.DocTestParser().get_doctest(source, {}, page.name, str(page), 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(example, out=said.append)
    assert not said, "".join(said)


@pytest.mark.parametrize("page", with_code("console"))
def test_commands_of_a_page_print_what_it_shows(
    page: Path, users_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(users_files)
    for block in blocks(page, "console"):
        line, _, shown = block.partition("\n")
        done = CliRunner().invoke(main, line.removeprefix("$ qqt ").split())
        assert done.exit_code == 0, done.output
        assert doctest.OutputChecker().check_output(shown, done.output, FLAGS), done.output


@pytest.mark.parametrize("page", NOW)
def test_commands_and_options_that_a_page_names_are_there(page: Path) -> None:
    for words in command_lines(page):
        command = next((main.commands[word] for word in words if word in main.commands), main)
        assert command is not main or words[0].startswith("-"), f"qqt {words[0]}"
        named = {option for word in words for option in OPTION.findall(word)[:1]}
        assert named <= options(command) | options(main), f"qqt {words[0]}"


@pytest.mark.parametrize("page", NOW)
def test_options_between_backquotes_are_of_some_command(page: Path) -> None:
    known = OF_DOCKER.union(*map(options, [main, *main.commands.values()]))
    named = {
        word
        for span in SPAN.findall(page.read_text(encoding="utf-8"))
        for word in OPTION.findall(span)
        if span.startswith("--")
    }
    assert named <= known


def options(command: object) -> set[str]:
    """Every spelling of the options of a command."""
    spelled = {"--help"}
    for parameter in command.params:
        spelled |= {*parameter.opts, *parameter.secondary_opts}
    return spelled


@pytest.mark.parametrize("page", NOW)
def test_python_names_that_a_page_uses_are_public(page: Path) -> None:
    named = re.findall(r"\bqqt\.([A-Za-z_]\w*)\s*\(", page.read_text(encoding="utf-8"))
    assert set(named) <= set(qqt.__all__)


def test_every_public_name_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    lists = re.findall(r"^   ([A-Za-z_]\w*)$", page, re.MULTILINE)
    assert sorted(lists) == sorted(set(qqt.__all__) - {"__version__"})


def test_every_command_is_in_the_reference() -> None:
    """`:nested: full` takes all that there are."""
    page = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    assert ".. click:: qqt_bayes.cli.main:main\n   :prog: qqt\n   :nested: full\n" in page


def test_every_model_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "models.md").read_text(encoding="utf-8")
    for name in qqt.list_models():
        spec = qqt.load_model(name)
        assert f"| [`{name}`](../../models/{name}.toml) | `{spec.law}` | {spec.summary} |" in page
    shown = (ROOT / "models" / "utility.toml").read_text(encoding="utf-8")
    assert f"```toml\n{shown}```" in page


@pytest.mark.parametrize("page", [*PAGES, pytest.param(DOCS / "llms.txt", id="docs/llms.txt")])
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert link.startswith("http") or (page.parent / link).exists(), link


def test_programs_are_told_of_every_page() -> None:
    """But of the lists of pages, which `llms.txt` itself is."""
    lists = {"index.md", "evidence.md", "gallery.md", "trust.template.md"}
    pages = [page.relative_to(DOCS).as_posix() for page in written() if page.is_relative_to(DOCS)]
    told = (DOCS / "llms.txt").read_text(encoding="utf-8")
    untold = [page for page in pages if f"]({page})" not in told and Path(page).name not in lists]
    assert not untold
