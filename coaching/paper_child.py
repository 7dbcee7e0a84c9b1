"""Counts the pages of a PDF file on standard input, in a process of its own: a small file can unpack to more than the memory
of a server, or keep its reader busy for good.

Run by coaching/paper.py as a script. It exits with an error where the file cannot be opened, and is killed at its limits.
"""

import io
import resource
import sys

SECONDS = 5  # of a processor
MEMORY = 512 * 2**20


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import pikepdf  # noqa: PLC0415 (within the limits)

    with pikepdf.open(io.BytesIO(sys.stdin.buffer.read())) as pdf:
        sys.stdout.write(str(len(pdf.pages)))


if __name__ == "__main__":
    main()
