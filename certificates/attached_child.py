"""Takes the claims out of a PDF file: standard input to standard output, in a process of its own that may break.

Run by certificates/attached.py as a script. It exits with an error where there are none, and is killed at its limits.
"""

import io
import resource
import sys

NAME = "certificate.json"
MOST_BYTES = 50_000  # of the claims
SECONDS = 4  # of a processor
MEMORY = 256 * 2**20


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import pikepdf  # noqa: PLC0415 (within the limits)

    with pikepdf.open(io.BytesIO(sys.stdin.buffer.read())) as pdf:
        found = pdf.attachments[NAME].get_file()
        if found.size > MOST_BYTES:
            sys.exit(1)
        told = found.read_bytes()
    if len(told) > MOST_BYTES:
        sys.exit(1)
    sys.stdout.buffer.write(told)


if __name__ == "__main__":
    main()
