"""``veriport`` is a list of names that all resolve, whatever was imported before."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from types import ModuleType

import polars as pl
import pytest

import veriport


def submodules() -> list[str]:
    """Every module of the package; importing one may need an extra that is not installed."""
    found = pkgutil.walk_packages(veriport.__path__, "veriport.")
    return sorted(module.name for module in found if not module.name.endswith("__main__"))


def test_the_list_of_names_is_sorted_and_says_each_once() -> None:
    assert list(veriport.__all__) == sorted(set(veriport.__all__))


@pytest.mark.parametrize("name", sorted(getattr(veriport, "__all__", ())))
def test_a_public_name_resolves(name: str) -> None:
    assert getattr(veriport, name) is not None


def test_a_module_that_star_imports_has_every_name() -> None:
    namespace: dict[str, object] = {}
    exec("from veriport import *", namespace)  # noqa: S102  # a star import cannot stand in a function
    assert set(veriport.__all__) <= set(namespace)


def test_the_names_are_shown_to_completion() -> None:
    assert set(veriport.__all__) <= set(dir(veriport))


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    name = "no_such_name"
    with pytest.raises(AttributeError, match=name):
        getattr(veriport, name)


@pytest.mark.parametrize("name", submodules())
def test_a_submodule_imports(name: str) -> None:
    assert isinstance(importlib.import_module(name), ModuleType)


def test_every_submodule_has_a_docstring() -> None:
    assert [name for name in submodules() if not importlib.import_module(name).__doc__] == []


#: Imports every submodule that it is given, then says of every public name what kind of thing it is.
AFTERWARDS = """
import importlib, json, sys, types
import veriport
first = {name: getattr(veriport, name) for name in sys.argv[1].split(",")} if sys.argv[1] else {}
for module in sys.argv[2:]:
    importlib.import_module(module)
def kind(name):
    value = getattr(veriport, name)
    if name in first and value is not first[name]:
        return "changed"
    return "module" if isinstance(value, types.ModuleType) else "callable" if callable(value) else "value"
print(json.dumps({name: kind(name) for name in veriport.__all__}))
"""
#: Public names that are not called: modules, and the version.
NOT_CALLED = {"aio", "rules", "testing", "__version__"}


@pytest.mark.parametrize("resolved_before", [True, False])
def test_every_name_can_be_called_after_every_submodule_was_imported(*, resolved_before: bool) -> None:
    """A package and a function of one name would collide: importing the one hides the other."""
    names = ",".join(veriport.__all__) if resolved_before else ""
    done = subprocess.run(
        [sys.executable, "-c", AFTERWARDS, names, *submodules()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    kinds = json.loads(done.stdout)
    assert {name: kind for name, kind in kinds.items() if kind != "callable"}.keys() <= NOT_CALLED
    assert "changed" not in kinds.values()


def test_check_itself_answers_after_every_submodule_was_imported() -> None:
    for name in submodules():
        importlib.import_module(name)
    result = veriport.check(pl.DataFrame({"id": [1, 1]}), rules=[{"column": "id", "type": "unique"}])
    assert result.failures[0].failed_count == 2
