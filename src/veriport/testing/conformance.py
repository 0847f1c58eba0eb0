"""The engine contract suite for the engine that ``--veriport-engine`` names.

pytest --pyargs veriport.testing.conformance --veriport-engine my_package:MyEngine
"""

from __future__ import annotations

import pytest

from veriport.ports.engines import Engine
from veriport.testing.suites.engines import EngineSuite
from veriport.wiring.engines import build_engine


class TestEngine(EngineSuite):
    """The suite with the engine of the command line."""

    @pytest.fixture
    def engine(self, request: pytest.FixtureRequest) -> Engine:
        """The engine that the option names."""
        name = request.config.getoption("--veriport-engine")
        if not name:
            pytest.fail("say which engine to test: --veriport-engine module:Class", pytrace=False)
        return build_engine(name)
