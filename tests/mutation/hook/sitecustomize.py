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

    def get_code(self, fullname: str) -> CodeType:
        return compile(Path(_FILE).read_bytes(), self.path, "exec", dont_inherit=True)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the changed module before anybody else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is not None and found.origin is not None:
            found.loader = Changed(fullname, found.origin)
        return found


_MODULE, _, _FILE = os.environ.get("XIETONG_CHANGED", "").partition("=")
if _MODULE:
    sys.meta_path.insert(0, Finder())
