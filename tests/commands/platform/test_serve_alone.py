"""A second platform on one data folder is refused whole, whatever its ports; one process asked for alone is not."""

import fcntl
from pathlib import Path

import pytest

from xietong.cli import UsageError
from xietong.commands.platform.serve import _alone


def test_a_second_platform_on_one_folder_is_refused_and_the_next_after_it_is_not(tmp_path: Path) -> None:
    with _alone(tmp_path, None):
        with pytest.raises(UsageError, match="a platform runs on"), _alone(tmp_path, None):
            raise AssertionError
        with _alone(tmp_path, "intake"):
            pass
    with _alone(tmp_path, None):
        pass


def test_the_lock_is_the_kernels_and_free_when_its_holder_is_gone(tmp_path: Path) -> None:
    with (tmp_path / "serve.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UsageError), _alone(tmp_path, None):
            raise AssertionError
    with _alone(tmp_path, None):
        pass
