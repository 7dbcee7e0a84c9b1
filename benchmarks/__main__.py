"""script/bench [NAME] [--json]: each benchmark prints its figures, and says which bars they keep."""

import argparse
import json
import sys

from benchmarks import board, certificates, load, pages, simulation, teams

BENCHMARKS = {
    "board": board.run,
    "certificates": certificates.run,
    "load": load.run,
    "pages": pages.run,
    "simulation": simulation.run,
    "teams": teams.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="one of them; all without it")
    parser.add_argument("--json", action="store_true", help="the figures as JSON, and nothing else")
    asked = parser.parse_args()
    names = [asked.name] if asked.name else list(BENCHMARKS)
    figures = {name: BENCHMARKS[name]() for name in names}
    if asked.json:
        print(
            json.dumps({name: [each.as_json() for each in rows] for name, rows in figures.items()}, indent=2)
        )
    else:
        for name, rows in figures.items():
            print(f"{name}\n" + "\n".join(f"  {row}" for row in rows))
    return 0 if all(row.is_kept for rows in figures.values() for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
