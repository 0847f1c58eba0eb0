"""Run a command as a whole process and report it: ``python -m benchmarks.whole COMMAND ...``."""

import json
import resource
import subprocess
import sys
import time

if __name__ == "__main__":
    started = time.perf_counter()
    done = subprocess.run(sys.argv[1:], check=False, stdout=subprocess.DEVNULL)  # noqa: S603  # the caller's own
    seconds = time.perf_counter() - started
    if done.returncode > 1:
        raise SystemExit(f"exit code {done.returncode}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": peak}))
