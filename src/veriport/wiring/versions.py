"""Versions: what is installed, and what is wanted of it.

What Python installs has versions of PEP 440 and is wanted in its terms (``>=3,<4``), which ``packaging``
reads. Everything else is SemVer 2.0.0 with the ranges of npm (``^1.2``, ``~1.2``, ``1.x``, ``1.2 - 2.0``,
``^1 || ^2``), which ``semantic_version`` reads. A text that PEP 440 knows is read by that.
"""

from __future__ import annotations

from importlib import metadata

from attrs import field, frozen
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from semantic_version import NpmSpec
from semantic_version import Version as SemanticVersion

from veriport.domain.errors import ConfigurationError, shown

__all__ = [
    "SemanticVersion",
    "VersionConstraint",
    "VersionRange",
    "parse_constraint",
    "parse_version",
    "require_version",
]

VersionRange = NpmSpec


def parse_version(text: str) -> SemanticVersion:
    """A version of SemVer 2.0.0. Raises ``ConfigurationError`` for anything else, also for ``1.2``."""
    try:
        return SemanticVersion(text)
    except (ValueError, TypeError) as wrong:
        raise ConfigurationError(f"{shown(text)} is no semantic version such as 1.2.3") from wrong


def _spec(text: object) -> SpecifierSet | NpmSpec:
    if not isinstance(text, str) or not text.strip():
        raise ConfigurationError(
            f"a version is wanted by a text such as '>=3,<4' or '^3.1', not {shown(text)}"
        )
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        pass
    try:
        return NpmSpec(text)
    except ValueError as wrong:
        raise ConfigurationError(
            f"{shown(text)} wants no version: write '>=3,<4' (PEP 440) or '^3.1' (npm)"
        ) from wrong


@frozen
class VersionConstraint:
    """What is wanted of a version, in the terms of PEP 440 or of npm."""

    text: str
    _spec: SpecifierSet | NpmSpec = field(init=False, repr=False, eq=False)

    @_spec.default
    def _read(self) -> SpecifierSet | NpmSpec:
        return _spec(self.text)

    def allows(self, version: str) -> bool:
        """Whether a version is one of the wanted. Raises ``ConfigurationError`` for what is no version."""
        if isinstance(self._spec, SpecifierSet):
            return self._spec.contains(_python_version(version), prereleases=True)
        return bool(self._spec.match(_semantic(version)))

    def __str__(self) -> str:
        """As it was written."""
        return self.text


def parse_constraint(text: str) -> VersionConstraint:
    """What is wanted of a version. Raises ``ConfigurationError`` for a text that says nothing of one."""
    return VersionConstraint(text)


def _python_version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion as wrong:
        raise ConfigurationError(f"{shown(text)} is no version") from wrong


def _semantic(text: str) -> SemanticVersion:
    """A version of either kind as a semantic one: ``3.1rc2`` becomes ``3.1.0-rc.2``."""
    try:
        return SemanticVersion(text)
    except ValueError:
        pass
    version = _python_version(text)
    major, minor, patch, *more = (*version.release, 0, 0, 0)
    early = [f"{version.pre[0]}.{version.pre[1]}"] if version.pre else []
    early += [f"dev.{version.dev}"] if version.dev is not None else []
    late = [str(number) for number in more[:-3]]
    return SemanticVersion(
        f"{major}.{minor}.{patch}"
        + (f"-{'.'.join(early)}" if early else "")
        + (f"+{'.'.join(late)}" if late else "")
    )


def require_version(distribution: str, wanted: str | VersionConstraint) -> str:
    """The version of a distribution that is installed here.

    Raises ``ConfigurationError`` when it is none of the wanted, or when the distribution is not installed.
    """
    constraint = wanted if isinstance(wanted, VersionConstraint) else parse_constraint(wanted)
    install = f": pip install '{distribution}{constraint}'" if _is_pep440(constraint) else ""
    try:
        version = metadata.version(distribution)
    except metadata.PackageNotFoundError as absent:
        raise ConfigurationError(
            f"{distribution} {constraint} is wanted and not installed{install}"
        ) from absent
    if not constraint.allows(version):
        raise ConfigurationError(f"{distribution} {constraint} is wanted and {version} is installed{install}")
    return version


def _is_pep440(constraint: VersionConstraint) -> bool:
    return isinstance(constraint._spec, SpecifierSet)  # noqa: SLF001  # its own module
