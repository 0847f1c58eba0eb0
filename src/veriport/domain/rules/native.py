"""A check of a validation library by the name that the library gives it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import field, frozen

from veriport.domain.errors import InvalidRule, shown
from veriport.domain.rules.base import Shape, WithoutRows, items, param
from veriport.domain.rules.scalars import json_text
from veriport.domain.rules.texts import some_text


def _parameters(value: object) -> str:
    """The parameters as canonical JSON text, so that they can be compared and hashed."""
    given = value
    if isinstance(value, str):
        try:
            given = json.loads(value)
        except (ValueError, RecursionError):
            raise InvalidRule("parameters must be a mapping, or JSON text", key="parameters") from None
    if not isinstance(given, Mapping):
        raise InvalidRule(f"parameters must be a mapping, not {shown(value)}", key="parameters")
    return json_text("parameters", given)


#: The parameters under which libraries take the names of columns.
_COLUMNS = ("column", "columns", "column_A", "column_B", "column_list", "column_set")


@frozen(kw_only=True)
class Native(WithoutRows):
    """A check of a validation library, by its own name and with its own parameters.

    It means what the library says. Only the engine over that library evaluates it; to any other it is a rule
    that it does not know. ``mostly`` and the like stand among the parameters, where the library has them.
    """

    type: ClassVar[str] = "native"
    shape: ClassVar[Shape] = Shape.VALUE
    additive: ClassVar[bool] = False
    name: str = field(
        validator=some_text,
        metadata=param("the library's name for it", aliases=("expectation", "validator", "check")),
    )
    parameters: str = field(
        default="{}",
        converter=_parameters,
        metadata=param("what the library wants to know, as a mapping", aliases=("kwargs", "arguments")),
    )

    @property
    def given(self) -> dict[str, Any]:
        """The parameters as a mapping."""
        given: dict[str, Any] = json.loads(self.parameters)
        return given

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that the parameters name."""
        named = (self.given.get(key) for key in _COLUMNS)
        listed = ((each,) if isinstance(each, str) else items(each) or () for each in named)
        return tuple(dict.fromkeys(name for names in listed for name in names if isinstance(name, str)))

    @property
    def title(self) -> str:
        """The library's name."""
        return self.name

    def expectation(self) -> str:
        """The name and the parameters."""
        return f"{self.name}({', '.join(f'{key}={value!r}' for key, value in self.given.items())})"
