"""The command line, called within the tests' own process."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from click.testing import CliRunner, Result

from qqt_bayes.cli.main import main


def qqt(*arguments: str | Path, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == exit_code, result.output + str(result.exception)
    assert "Traceback" not in result.output
    return result


def loading(
    arguments: Sequence[str], modules: Sequence[str], cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own; the last line on stderr has those modules it imported."""
    code = (
        "import sys; from qqt_bayes.cli.main import main\n"
        f"main({list(arguments)!r}, standalone_mode=False)\n"
        f"print(*sorted(set({modules!r}) & set(sys.modules)), file=sys.stderr)"
    )
    line = [sys.executable, "-c", code]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True, check=True)
