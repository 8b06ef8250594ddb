"""Real data that the project may not carry: it is laid beside the project, and a test that misses it says so."""

from pathlib import Path

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


def laid_beside(name: str) -> Path:
    """Where this file of real data lies; the test fails with a sentence where it does not: nothing passes unseen."""
    path = REAL_DATA / name
    assert path.exists(), (
        "this test needs real data that the project does not carry, and shows nothing without it: lay it beside the "
        f"project's folder as ../shared/data/{name}"
    )
    return path


def lines_beside(name: str) -> list[str]:
    """The lines of such a file, to make tests of; none where it is absent, and then another test must call for it."""
    path = REAL_DATA / name
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
