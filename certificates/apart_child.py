"""Looks at a stranger's PDF file: standard input to standard output, in a process that may break.

Run by certificates/apart.py as a script, in a sandbox. It reads a line of JSON (what to trust) and the file. It writes what
the seal proves, as a line of JSON, before a parser of PDF has seen the file; then the claims as they stand there, if there
are any. It is killed at its limits.
"""

import io
import json
import sys
from dataclasses import asdict
from pathlib import Path

NAME = "certificate.json"
MOST_BYTES = 50_000  # of the claims
SECONDS = 4  # of a processor
MEMORY = 256 * 2**20


def main() -> None:
    sys.path.append(str(Path(__file__).parents[1]))
    from coaching import sandbox  # noqa: PLC0415 (found by the line before)

    sandbox.enter(seconds=SECONDS, memory=MEMORY)
    import pikepdf  # noqa: PLC0415 (within the limits)

    from certificates import seal_check  # noqa: PLC0415

    given, out = sys.stdin.buffer, sys.stdout.buffer
    trusted = json.loads(given.readline())
    pdf = given.read()
    found = asdict(
        seal_check.check(
            pdf,
            [pem.encode("latin-1") for pem in trusted["roots"]],
            time_stamp_roots=[pem.encode("latin-1") for pem in trusted["time_stamp_roots"]],
        )
    )
    out.write(json.dumps(found, default=str).encode() + b"\n")
    out.flush()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        claims = opened.attachments[NAME].get_file()
        if claims.size > MOST_BYTES:
            sys.exit(1)
        told = claims.read_bytes()
    if len(told) > MOST_BYTES:
        sys.exit(1)
    out.write(told)


if __name__ == "__main__":
    main()
