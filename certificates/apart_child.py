"""Looks at a stranger's PDF file: standard input to standard output, in a process of its own that may break.

Run by certificates/apart.py as a script. It reads a line of JSON (what to trust) and the file. It writes what the seal
proves, as a line of JSON, before a parser of PDF has seen the file; then the claims as they stand there, if there are any.
It is killed at its limits.
"""

import io
import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

NAME = "certificate.json"
MOST_BYTES = 50_000  # of the claims
SECONDS = 4  # of a processor
LIMITS = {
    resource.RLIMIT_CPU: SECONDS,
    resource.RLIMIT_AS: 256 * 2**20,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NPROC: 0,
    resource.RLIMIT_NOFILE: 16,
}


def main() -> None:
    for limit, most in LIMITS.items():
        resource.setrlimit(limit, (most, most))
    sys.path.append(str(Path(__file__).parents[1]))
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
