"""Fixtures of the settle tests."""

from pathlib import Path

import pytest
from settle_folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
