"""What the fields of configured values must hold, for attrs; each fault is a ``ConfigurationError``.

Validators know the name of their field; what converts is told it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import Attribute

from veriport.domain.errors import ConfigurationError, shown
from veriport.domain.mappings import FrozenMapping

Validator: TypeAlias = "Callable[[object, Attribute[Any], object], None]"

#: Three years; waiting for longer overflows the clocks of some systems.
LONGEST_SECONDS = 10**8


def text(_: object, attribute: Attribute[Any], value: object) -> None:
    """A text with something in it."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{attribute.name} must be text, not {shown(value)}")


def any_text(_: object, attribute: Attribute[Any], value: object) -> None:
    """A text, the empty one too."""
    if not isinstance(value, str):
        raise ConfigurationError(f"{attribute.name} must be text, not {shown(value)}")


def hidden_text(_: object, attribute: Attribute[Any], value: object) -> None:
    """A text with something in it that no message may show."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{attribute.name} must be text, not a {type(value).__name__}")


def yes_or_no(_: object, attribute: Attribute[Any], value: object) -> None:
    """True or false, no text that reads like it."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{attribute.name} must be true or false, not {shown(value)}")


def function(_: object, attribute: Attribute[Any], value: object) -> None:
    """What can be called, which no configuration file can say."""
    if not callable(value):
        raise ConfigurationError(f"{attribute.name} must be a function, not {shown(value)}")


def seconds(_: object, attribute: Attribute[Any], value: object) -> None:
    """A time that can be waited for."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value <= LONGEST_SECONDS:  # type: ignore[operator]  # it is a number
        limits = f"above 0 and up to {LONGEST_SECONDS:,}"
        raise ConfigurationError(
            f"{attribute.name} must be a number of seconds, {limits}, not {shown(value)}"
        )


def at_least(least: int) -> Validator:
    """A whole number of at least so many."""

    def validate(_: object, attribute: Attribute[Any], value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ConfigurationError(
                f"{attribute.name} must be a whole number of at least {least}, not {shown(value)}"
            )

    return validate


def texts(name: str, value: object) -> tuple[str, ...]:
    """One text or a list of texts as a tuple of them."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple | set | frozenset):
        raise ConfigurationError(f"{name} must be text or a list of texts, not {shown(value)}")
    for item in listed:
        if not isinstance(item, str):
            raise ConfigurationError(f"{name} must hold texts, not {shown(item)}: put it in quotes")
    return tuple(listed)


def mapping(name: str, value: object) -> Mapping[str, Any]:
    """A mapping that does not change. A fault does not show it: it may hold secrets."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{name} must be a mapping, not a {type(value).__name__}")
    return FrozenMapping({str(key): item for key, item in value.items()})


def text_mapping(name: str, value: object) -> Mapping[str, str]:
    """A mapping of names to texts that does not change; numbers and truth values become text."""
    items = mapping(name, value).items()
    for key, item in items:
        if not isinstance(item, str | int | float):
            raise ConfigurationError(f"{name} holds a {type(item).__name__} under {key!r}: texts only")
    return FrozenMapping({key: str(item) for key, item in items})
