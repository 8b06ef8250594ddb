"""The house rules that no linter holds. Budgets here may only be tightened; raising one takes a decision record."""

import ast
import json
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import grimp
import house_figures
import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "xietong"
LINES_A_FILE, LINES_A_FUNCTION = 400, 50
SUPPRESSIONS = 0
FILES_A_FOLDER = 14
# Words in -ing that are nouns of the field or the trade.
NOUNS = {"filing", "framing", "mapping", "monitoring", "recycling", "rounding"}
UPPER_ROOMS = ("accounting", "evaluation", "park", "web", "commands")
ALLOWED: Mapping[str, dict[str, int]] = tomllib.loads((ROOT / "tests/house_allowances.toml").read_text())


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True)
    assert listed.returncode == 0, listed.stderr
    paths = [ROOT / line for line in listed.stdout.decode().splitlines()]
    return [path for path in paths if path.is_file()]


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in tracked(f"{folder}/**.py", f"{folder}/*.py")]
    return sorted({path for path in found if "migrations" not in path.parts})


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_over_its_budget() -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for path in sources("xietong", "tests", "benchmarks")}
    assert len(lengths) > 50
    assert {name: length for name, length in lengths.items() if length > LINES_A_FILE} == {}


def test_no_function_over_its_budget() -> None:
    long = {
        f"{path.name}:{node.name}": node.end_lineno - node.lineno + 1
        for path in sources("xietong", "tests", "benchmarks")
        for node in functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno >= LINES_A_FUNCTION
    }
    assert long == {}


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources("xietong")
        if path.read_text().strip() and not ast.get_docstring(parsed(path))
    ]
    assert silent == []


def test_every_public_function_says_its_contract() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in sources("xietong")
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_modules_import_each_other() -> None:
    graph = grimp.build_graph("xietong", cache_dir=None)
    knots = [
        (module, other)
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
        if graph.chain_exists(importer=other, imported=module)
    ]
    assert knots == []


def test_suppressions_only_fall() -> None:
    pattern = re.compile(
        r"# noqa|type: ignore|no cover|pytest\.mark\.(skip|xfail)|pytest\.(skip|xfail)\(|eslint-disable"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked("*.py", "*.js", "*.html")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert len(found) <= SUPPRESSIONS, found


def test_no_room_is_named_for_nothing() -> None:
    vague = {"utils", "util", "common", "helpers", "helper", "services", "service", "misc", "core", "signals"}
    assert [path for path in sources("xietong") if {path.stem, *path.parts} & vague] == []


def test_nothing_names_a_registry_or_a_machine() -> None:
    # Written in halves, so that this file does not name what it looks for.
    words = ["registry.npm" + "js", "pypi" + ".org", "pythonhost" + "ed", "/ro" + "ot/", "/wo" + "rk/", "/op" + "t/"]
    banned = re.compile("|".join(map(re.escape, words)))
    texts = {".py", ".md", ".toml", ".json", ".txt", ".html", ".js", ".css", ".csv", ".po", ""}
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix in texts
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if banned.search(line)
    ]
    assert named == []


def test_lock_files_record_no_addresses() -> None:
    assert "http" not in (ROOT / "constraints.txt").read_text()
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert packages
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_every_dependency_says_why() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    listed = [line for line in lines if re.match(r'\s+"[a-z][\w.\[\]-]*([<>=~].*)?",', line)]
    assert len(listed) > 15
    assert [line for line in listed if not re.search(r"#\s+\w.{8,}", line)] == []


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()}
    assert [name for name in wanted if re.split(r"[\[<>=~]", name)[0].lower() not in pinned] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md"])
def test_links_in_the_docs_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / name).read_text())
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_command_is_documented() -> None:
    from_table = re.findall(r'^    "([\w-]+)": Command', (PACKAGE / "cli.py").read_text(), re.MULTILINE)
    documented = (ROOT / "docs/commands.md").read_text()
    assert len(from_table) > 10
    assert [name for name in from_table if f"`xietong {name}" not in documented] == []


def test_every_setting_is_documented() -> None:
    named = {match for path in sources("xietong") for match in re.findall(r"XIETONG_[A-Z0-9_]+", path.read_text())}
    documented = (ROOT / "docs/commands.md").read_text()
    assert sorted(name for name in named if name not in documented) == []


def test_decisions_are_numbered_in_order() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_file_that_the_docs_name_exists() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = {
        (page, name)
        for page in pages
        for name in re.findall(r"`((?:xietong|tests|docs|benchmarks)/[\w/.-]+)`", page.read_text())
    }
    assert len(named) > 20
    assert sorted(f"{page.name}: {name}" for page, name in named if not (ROOT / name).exists()) == []


# What Django has no word for, said to its own database.
SAID_TO_THE_DATABASE = {"commands/platform/init.py", "park/actions.py", "web/server/signing_in.py"}
ENGINES = {"duckdb", "ibis", "xietong.lake.engine"} | {
    f"xietong.lake.schemas:{table}" for table in ("readings", "hourly", "daily")
}


def above_the_lake() -> list[Path]:
    return [path for path in sources("xietong") if PACKAGE / "lake" not in path.parents]


def test_only_the_lake_writes_a_select() -> None:
    """A question to the lake is a function of xietong/lake/queries."""
    asking = {
        str(path.relative_to(PACKAGE))
        for path in above_the_lake()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\bSELECT\s", node.value)
    }
    assert asking == SAID_TO_THE_DATABASE


def test_only_the_lake_holds_an_engine() -> None:
    """Neither DuckDB nor Ibis, nor the lake's own engine and its tables for expressions."""
    holding = [
        (str(path.relative_to(PACKAGE)), each.name)
        for path in above_the_lake()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for each in node.names
        for module in (node.module if isinstance(node, ast.ImportFrom) else each.name,)
        if module in ENGINES or f"{module}:{each.name}" in ENGINES
    ]
    assert holding == []


def test_nothing_is_told_apart_by_pythons_hash() -> None:
    """hash(-1) == hash(-2): what identifies content is the content itself or its SHA-256."""
    called = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("xietong")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "hash"
    ]
    assert called == []


def test_accounting_keeps_properties_without_a_lock() -> None:
    """functools.cached_property of Python 3.11 has one lock a class: two threads whose units ask each other wait for
    ever."""
    taken = [
        str(path.relative_to(ROOT))
        for path in sources("xietong/accounting")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and node.module == "functools"
        if any(each.name == "cached_property" for each in node.names)
    ]
    assert taken == []


def test_keys_are_taken_apart_in_one_place() -> None:
    """Item, kind, use and whose: the grammar of keys stands in calc/keys.py; in calc, accounting and wording nobody
    cuts them by hand. A choice of park.toml ("constant:2020") is no key."""
    allowed = {PACKAGE / "calc/keys.py", PACKAGE / "accounting/inputs/prices.py"}
    folders = ("xietong/calc", "xietong/accounting", "xietong/wording")
    cut = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources(*folders)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "partition"
        if isinstance(node.args[0], ast.Constant) and node.args[0].value in (":", "#", "@")
        if path not in allowed
    ]
    assert cut == []


def test_no_call_whose_reader_has_to_count() -> None:
    """Six positional arguments or more: name them."""
    counted = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sources("xietong")
        for call in house_figures.long_calls([path])
    ]
    assert counted == []


def test_no_folder_is_too_full() -> None:
    """A reader takes in some fourteen names; a folder of more gets wings."""
    counts = Counter(str(path.parent.relative_to(PACKAGE)) for path in sources("xietong") if path.name != "__init__.py")
    full = {folder: count for folder, count in counts.items() if count > FILES_A_FOLDER}
    _only_shrinks(full, ALLOWED["full_folders"])


def test_modules_are_named_by_nouns() -> None:
    """A file is called by what lies in it, not by what it does or what was done to it (-ing, -ed)."""
    paths = [path.relative_to(PACKAGE) for path in sources("xietong")]
    named = {str(path) for path in paths if path.stem.endswith(("ing", "ed")) and path.stem not in NOUNS}
    assert {path.stem for path in paths} >= NOUNS
    _only_shrinks(dict.fromkeys(named, 1), ALLOWED["verbs"])


def test_one_class_name_one_idea() -> None:
    """Public classes of the upper rooms; a fact of a park is one noun, and the model of that name that keeps it."""
    kept = PACKAGE / "park/models.py"
    homes = Counter(
        node.name
        for room in UPPER_ROOMS
        for path in sources(f"xietong/{room}")
        for node in parsed(path).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and path != kept
    )
    _only_shrinks({name: count for name, count in homes.items() if count > 1}, ALLOWED["class_names"])


def test_acts_are_verbs_of_actions() -> None:
    """Who writes an Act, or a table of the registry, is an actions.py; the others say in the list why they do it."""
    writing = {
        str(path.relative_to(PACKAGE))
        for path in sources("xietong")
        if path.name != "actions.py"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and _writes(node)
    }
    _only_shrinks(dict.fromkeys(writing, 1), ALLOWED["writers"])


def _writes(call: ast.Call) -> bool:
    called = ast.unparse(call.func)
    last = called.rpartition(".")[2]
    if last in ("record_act", "create_user", "bulk_create", "get_or_create", "update_or_create", "bulk_update"):
        return True
    if last == "save":
        return "." in called and not call.args
    return ".objects" in called and last in ("create", "update", "delete")


def _only_shrinks(found: Mapping[str, int], allowed: Mapping[str, int]) -> None:
    """Nothing beyond what is allowed, and nothing allowed that is needed no more."""
    assert {name: count for name, count in found.items() if count > allowed.get(name, 0)} == {}
    assert {name: count for name, count in allowed.items() if found.get(name, 0) < count} == {}
