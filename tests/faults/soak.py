"""All the long runs, one after the other; what each of them says goes to a file of its own as well.

    python -m tests.faults.soak [--only NAME ...] [--into FOLDER]

An hour and a half on two cores. It ends with 1 when one of them does not end with 0.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
RUNS: Final = {
    "kills-sqlite": "tests.faults.kills --kills 13000 --seed 3",
    "kills-postgres": "tests.faults.kills --kills 10000 --seed 3 --postgres --replicas 3",
    "crowds": "tests.faults.crowds --copies 1000 --floods 100 --postgres --replicas 3",
    "storm": "tests.faults.storm --conversations 1000 --minutes 30",
    "storm-replicas": "tests.faults.storm --conversations 1000 --minutes 30 --replicas 3",
    "disk": "tests.faults.disk",
    "stops-sqlite": "tests.faults.stops --rounds 200",
    "stops-postgres": "tests.faults.stops --rounds 100 --postgres",
    "million": "tests.faults.million",
}


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS))
    parser.add_argument("--into", type=Path, default=ROOT / "var" / "soak")
    given = parser.parse_args()
    given.into.mkdir(parents=True, exist_ok=True)
    codes = {name: run(name, given.into / f"{name}.txt") for name in given.only}
    failed = [name for name, code in codes.items() if code]
    sys.stdout.write(f"failed: {', '.join(failed)}\n" if failed else "all of them kept their promises\n")
    return 1 if failed else 0


def run(name: str, file: Path) -> int:
    """One of them, as a process; its exit code."""
    sys.stdout.write(f"== {name}: python -m {RUNS[name]}\n")
    sys.stdout.flush()
    began = time.monotonic()
    command = [sys.executable, "-m", *RUNS[name].split()]
    with file.open("w", encoding="utf-8") as kept:
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            kept.write(line)
        code = process.wait()
    sys.stdout.write(f"   ended with {code} after {time.monotonic() - began:.0f} s\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
