"""Whether a path is on a network, read off the system's table of mounts."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

#: Types of file systems whose locks or whose shared memory may not reach from one machine to another.
NETWORK_TYPES = frozenset(
    """
    acfs afpfs afs beegfs blobfuse blobfuse2 ceph ceph-fuse cifs coda cvmfs2 davfs davfs2 efs fhgfs gcsfuse
    gfs gfs2 glusterfs goofys gpfs juicefs lizardfs lustre mfs moosefs mount-s3 mountpoint-s3 ncpfs nfs nfs3
    nfs4 ocfs2 orangefs panfs pvfs2 rclone s3fs seaweedfs smb smb2 smb3 smbfs smbnetfs sshfs webdav wekafs
    """.split()
)
#: Where Linux keeps the table; other systems have none, and nothing is known there.
MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def network_file_system(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that ``path`` is on or would be on; ``None`` if none is known."""
    try:
        kind = type_of_mount(mounts.read_text(errors="surrogateescape"), path.resolve())
    except (OSError, RuntimeError):  # a circle of links
        return None
    return kind if is_network(kind) else None


def is_network(kind: str) -> bool:
    """Whether a type of file system, such as ``nfs4`` or ``fuse.sshfs``, is one of a network."""
    return kind.removeprefix("fuse.").removeprefix("fuseblk.").lower() in NETWORK_TYPES


def type_of_mount(mountinfo: str, path: PurePath) -> str:
    """The type of what holds an absolute path, by the text of ``/proc/self/mountinfo``; ``""`` if unknown.

    A line is ``36 35 98:0 /root /mount/point options optional... - type source options``. Of two mounts at
    one point, the later one hides the other.
    """
    found, depth = "", -1
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        places, kinds = before.split(" "), after.split(" ")
        if not separator or len(places) < 5:  # noqa: PLR2004  # the mount point is the fifth
            continue
        point = PurePath(_OCTAL.sub(lambda match: chr(int(match[1], 8)), places[4]))
        if path.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = kinds[0], len(point.parts)
    return found
