"""Whether a path is on a network is read off the table of mounts."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from veriport.adapters.stores.mounts import is_network, network_file_system, type_of_mount

TABLE = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 27 0:50 / /home rw,relatime shared:7 master:2 - nfs4 server:/export/home rw,vers=4.2
41 40 0:51 / /home/ann/local rw - xfs /dev/vdb rw
42 27 0:52 / /mnt/two\040words rw - fuse.sshfs ann@server: rw
43 27 0:53 /sub /data rw - xfs /dev/vdc rw
44 43 0:54 / /data rw - cifs //server/data rw
45 27 0:55 / /database rw - btrfs /dev/vdd rw
a line that is none
46 27 - ext4
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/state.db", "ext4"),
        ("/home/ann/.veriport/state.db", "nfs4"),
        ("/home/ann/local/state.db", "xfs"),
        ("/home/ann/locals/state.db", "nfs4"),
        ("/homestead/state.db", "ext4"),
        ("/mnt/two words/state.db", "fuse.sshfs"),
        ("/mnt/two/state.db", "ext4"),
        ("/data/state.db", "cifs"),
        ("/database/state.db", "btrfs"),
        ("/", "ext4"),
    ],
)
def test_the_deepest_and_last_mount_holds_a_path(path: str, kind: str) -> None:
    assert type_of_mount(TABLE, PurePosixPath(path)) == kind


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    assert type_of_mount("", PurePosixPath("/a")) == ""
    assert network_file_system(tmp_path / "a", tmp_path / "no table") is None


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "ceph", "glusterfs", "lustre"])
def test_a_network_is_known_by_its_type(kind: str) -> None:
    assert is_network(kind)


@pytest.mark.parametrize("kind", ["", "ext4", "xfs", "tmpfs", "overlay", "fuseblk", "fuse.ntfs-3g", "9p"])
def test_what_may_be_local_is_no_network(kind: str) -> None:
    assert not is_network(kind)


def test_a_link_is_where_it_leads_to(tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (tmp_path / "near").symlink_to(far)
    table = tmp_path / "mounts"
    table.write_text(f"27 1 254:0 / / rw - ext4 /dev/vda rw\n40 27 0:50 / {far} rw - nfs server:/ rw\n")
    assert network_file_system(tmp_path / "near" / "new" / "state.db", table) == "nfs"
    assert network_file_system(tmp_path / "state.db", table) is None
