"""Counts the pages of a PDF file on standard input. Run by coaching/paper.py as a script, in a sandbox.

It exits with an error where the file cannot be opened, and is killed at its limits.
"""

import io
import sys
from pathlib import Path

SECONDS = 5  # of a processor
MEMORY = 512 * 2**20


def main() -> None:
    sys.path.append(str(Path(__file__).parents[1]))
    from coaching import sandbox  # noqa: PLC0415 (found by the line before)

    sandbox.enter(seconds=SECONDS, memory=MEMORY)
    import pikepdf  # noqa: PLC0415 (within the limits)

    with pikepdf.open(io.BytesIO(sys.stdin.buffer.read())) as pdf:
        sys.stdout.write(str(len(pdf.pages)))


if __name__ == "__main__":
    main()
