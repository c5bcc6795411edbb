"""Pretends that a release of a package has renamed what is private in it.

RENAMED holds JSON: package -> names. Each name gets another one throughout the source of the
package, which goes on to work; only who uses the name from outside no longer finds it.
"""

import json
import os
import re
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType

RENAMED: dict[str, list[str]] = json.loads(os.environ["RENAMED"])


class Release(SourceFileLoader):
    """Loads a module after the names in its source have been replaced."""

    def get_code(self, fullname: str) -> CodeType | None:
        names, data = RENAMED[fullname.partition(".")[0]], self.get_data(self.path)
        if not any(name.encode() in data for name in names):
            return super().get_code(fullname)  # as it was compiled
        source, either = self.get_source(fullname) or "", "|".join(map(re.escape, names))
        renamed = re.sub(rf"\b({either})\b", r"\1_of_the_next_release", source)
        return compile(renamed, self.path, "exec", dont_inherit=True)


class Finder:
    """Finds the modules of the packages in RENAMED."""

    @staticmethod
    def find_spec(name: str, path=None, target=None) -> ModuleSpec | None:
        if name.partition(".")[0] not in RENAMED:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Release(name, spec.loader.path)
        return spec


sys.meta_path.insert(0, Finder)
