"""``python -m tests.chaos --incidents 1000 --store sqlite``: one line of JSON for each store."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.chaos.incidents import run
from tests.chaos.stores import STORES


def main() -> int:
    """Run the chosen stores; the exit code is 1 if one broke the promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--incidents", type=int, default=1000)
    parser.add_argument("--store", choices=[*STORES, "all"], default="all")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    kept = True
    for store in STORES if wanted.store == "all" else [wanted.store]:
        with (
            tempfile.TemporaryDirectory(prefix="veriport-chaos-") as folder,
            STORES[store](Path(folder)) as url,
        ):
            work = Path(folder) / "work"
            work.mkdir()
            tally = run(store, url, wanted.incidents, work, wanted.seed)
        sys.stdout.write(json.dumps(tally.to_dict()) + "\n")
        sys.stdout.flush()
        kept = kept and tally.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
