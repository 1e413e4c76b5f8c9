"""Files of specifications."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a specification to a file and return its path."""

    def write(text):
        path = tmp_path / "mine.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write
