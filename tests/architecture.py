"""What the inside of the hexagon may import of the outside world, and who may import what at all.

Run as a program it prints every breach in the package ``veriport`` that Python finds first, so that a
test can point it at a copy. The order of the layers is held by import-linter (see pyproject.toml).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

import grimp
from attrs import frozen

_DOORS_OF_THE_DOMAIN = frozenset({
    "asyncio", "ftplib", "glob", "http", "importlib", "io", "logging", "multiprocessing", "os", "pickle",
    "random", "secrets", "shelve", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys",
    "tempfile", "threading", "time", "urllib", "uuid",
})  # fmt: skip


@frozen(kw_only=True)
class Allowed:
    """What a part may import: parts of Veriport, libraries, and the standard library less ``refused``."""

    parts: tuple[str, ...]
    libraries: frozenset[str] = frozenset({"attrs", "returns"})
    refused: frozenset[str] = frozenset()

    def lets_in(self, imported: str) -> bool:
        """Whether an import of the module ``imported`` is right."""
        if _within(imported, "veriport"):
            return any(_within(imported, part) for part in self.parts)
        if imported in self.refused:
            return False
        return imported in self.libraries or imported in sys.stdlib_module_names


#: The parts inside, the most particular first: the first that holds a module decides.
INSIDE: Mapping[str, Allowed] = {
    "veriport.domain.codec": Allowed(
        parts=("veriport.domain",), libraries=frozenset({"attrs", "cattrs", "returns"})
    ),
    "veriport.domain": Allowed(parts=("veriport.domain",), refused=_DOORS_OF_THE_DOMAIN),
    "veriport.ports": Allowed(parts=("veriport.domain", "veriport.ports")),
    "veriport.application": Allowed(parts=("veriport.domain", "veriport.ports", "veriport.application")),
}

#: Libraries that one module alone may import.
KEPT_TO: Mapping[str, str] = {"dependency_injector": "veriport.wiring.container"}


def breaches(graph: grimp.ImportGraph) -> Iterator[str]:
    """Every import that is not allowed, as ``importer imports imported``."""
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            if not _allowed(importer, imported):
                yield f"{importer} imports {imported}"


def _allowed(importer: str, imported: str) -> bool:
    if imported in KEPT_TO and importer != KEPT_TO[imported]:
        return False
    allowed = next((rule for part, rule in INSIDE.items() if _within(importer, part)), None)
    return allowed is None or allowed.lets_in(imported)


def _within(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


if __name__ == "__main__":
    built = grimp.build_graph("veriport", include_external_packages=True, cache_dir=None)
    found = list(breaches(built))
    print("\n".join(found))  # noqa: T201  # it is a program here
    sys.exit(bool(found))
