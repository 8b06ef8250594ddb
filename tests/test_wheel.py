"""The wheel holds everything that an installed platform needs: code, tables, templates, and what the set-up made."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MADE = ["xietong/web/static/vendor/echarts.min.js", "xietong/locale/en/LC_MESSAGES/django.mo"]


@pytest.mark.slow
def test_the_wheel_is_whole_and_starts(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("xietong-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    listed = subprocess.run(["git", "ls-files", "xietong"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [name for name in [*listed.stdout.splitlines(), *MADE] if name not in held] == []
    run = f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r}); import xietong.cli as cli; "
    run += "print(cli.__file__); sys.exit(cli.main(['clauses']))"
    started = subprocess.run([sys.executable, "-I", "-c", run], capture_output=True, text=True, timeout=60)
    assert started.returncode == 0, started.stderr
    assert str(tmp_path) in started.stdout.splitlines()[0]
    assert "7.4.6" in started.stdout
