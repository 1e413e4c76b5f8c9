"""The command line, called within the tests' own process."""

from pathlib import Path

from click.testing import CliRunner, Result

from qqt_bayes.cli.main import main


def qqt(*arguments: str | Path, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == exit_code, result.output + str(result.exception)
    assert "Traceback" not in result.output
    return result
