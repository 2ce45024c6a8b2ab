"""`python -m bench`: every measurement, a table each, in one run on one machine.

Read the ratios and the CPU, not the rates: those drift with the machine. FULL=1 adds the million exchanges.
"""

import os
import platform
import time

from bench import commits, growth, intake, recognition, screening, websends


def main() -> None:
    """Run everything."""
    started = time.perf_counter()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before it begins")
    for part in (recognition, screening, commits, growth, websends, intake):
        part.main()
    print(f"\n{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
