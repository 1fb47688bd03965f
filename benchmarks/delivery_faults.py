"""
How many accepted captures are lost when everything fails at random.

    python benchmarks/delivery_faults.py [--captures 1000] [--seed 1] [--spool FOLDER]

Two services that share a spool submit captures of 1 to 64 KiB to a server on this machine. The server answers 500 or
403, resets connections in the middle, answers later than the client waits, or is down; one write to the disk in twelve
breaks off; the services are killed by SIGKILL again and again and started anew. A capture counts as accepted once
`submit` said that it is in the spool, written and synced, which is before its first upload. In the end the server is
well, one more process sends what is left, and what has arrived is compared with what was accepted, byte by byte. The
seed decides which faults happen; when they meet which capture depends on the machine.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from measure import table

from tests.delivery import faults


def rows(outcome: faults.Outcome) -> list[tuple[str, str]]:
    told = {
        "captures submitted": outcome.captures,
        "services killed": outcome.kills,
        "accepted: in the spool, written and synced": len(outcome.accepted),
        "... of these lost": len(outcome.lost),
        "... arrived with other bytes": len(outcome.wrong),
        "taken in memory while the disk was full": len(outcome.in_memory),
        "... of these lost with a killed service": len(outcome.lost_memory),
        "killed before `submit` answered": outcome.captures - len(outcome.accepted | outcome.in_memory),
        "arrived more than once, in the same place": outcome.again,
        "left in the spool": outcome.left,
    }
    told |= {f"faults: {name}": times for name, times in sorted(outcome.seen.items())}
    return [(name, f"{number:,}") for name, number in told.items()] + [("time", f"{outcome.seconds:.0f} s")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--captures", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spool", type=Path, help="where the spool is, by default a temporary folder")
    given = parser.parse_args()
    logging.getLogger("openprofiling_ipy").addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory() as folder:
        outcome = faults.run(given.captures, given.seed, given.spool or Path(folder))
    command = f"python benchmarks/delivery_faults.py --captures {given.captures} --seed {given.seed}"
    print(table("Captures under random faults", ("", "number"), rows(outcome), command))
    if outcome.lost or outcome.wrong or outcome.left:
        sys.exit(f"LOST: {sorted(outcome.lost | outcome.wrong)}, left: {outcome.left}")


if __name__ == "__main__":
    main()
