"""Every blob store of ours keeps the contract of the blob store port."""

from __future__ import annotations

from pathlib import Path

import pytest

from veriport.adapters.blobs.file import FileBlobStore
from veriport.adapters.blobs.memory import MemoryBlobStore
from veriport.ports.blobs import BlobStore
from veriport.testing.suites.blobs import BlobStoreSuite


class TestMemoryBlobStore(BlobStoreSuite):
    @pytest.fixture
    def store(self) -> BlobStore:
        return MemoryBlobStore()


class TestFileBlobStore(BlobStoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> BlobStore:
        return FileBlobStore(tmp_path / "store")
