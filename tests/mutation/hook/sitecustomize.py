"""Lets every Python that is started beside it load one module changed: XIETONG_CHANGED is `module=file`.

Children too, so that a change is in force in servers and commands that a test starts. Nothing of the house is touched.
"""

import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType


class Changed(SourceFileLoader):
    """Loads a module under its own name and place from another file's text, without a cached compilation."""

    def __init__(self, fullname: str, path: str, file: str) -> None:
        super().__init__(fullname, path)
        self._file = file

    def get_code(self, fullname: str) -> CodeType:
        return compile(Path(self._file).read_bytes(), self.path, "exec", dont_inherit=True)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the changed module before anybody else."""

    def __init__(self, module: str, file: str) -> None:
        self._module, self._file = module, file

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is not None and found.origin is not None:
            found.loader = Changed(fullname, found.origin, self._file)
        return found


def enforce() -> None:
    """From here on the module that XIETONG_CHANGED names is loaded changed; nothing where it names none."""
    module, _, file = os.environ.get("XIETONG_CHANGED", "").partition("=")
    if module:
        sys.meta_path.insert(0, Finder(module, file))


enforce()
