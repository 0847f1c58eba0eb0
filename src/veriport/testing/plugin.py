"""The pytest plug-in: ``--veriport-engine`` names the engine for ``veriport.testing.conformance``.

pytest --pyargs veriport.testing.conformance --veriport-engine my_package:MyEngine
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("veriport").addoption(
        "--veriport-engine",
        metavar="NAME",
        help="the engine to test: a name of the catalog, or module:Class",
    )
