"""Contract suites, one class a port, with one fixture to override.

from veriport.testing.suites.blobs import BlobStoreSuite

class TestMyBlobStore(BlobStoreSuite):
    @pytest.fixture
    def store(self):
        return MyBlobStore()
"""

import pytest

# Failing assertions of the suites then show their values, as those of any test do.
_SUITES = ("blobs", "clocks", "engines", "notifiers", "reporters", "splits", "stores")
pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in _SUITES))
