"""Whatever a stranger's file is, looking at it costs little, and it learns nothing of this site."""

import fcntl
import itertools
import json
import resource
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates import apart, issuing, sealing
from certificates.apart import Busy, Looked
from certificates.apart_child import NAME, SECONDS
from certificates.seal_check import Check
from tests.certificates.content import CONTENT
from tests.certificates.history import AFTER
from tests.certificates.seals import root_of


def raw(*objects: bytes, trailer: bytes = b"") -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, thing in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, thing)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer <</Size %d /Root 1 0 R %b>>\nstartxref\n%d\n%%%%EOF" % (size, trailer, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%b%b" % (size, table, end)


CATALOG = b"<</Type /Catalog /Pages 2 0 R /Names <</EmbeddedFiles 4 0 R>>>>"
PAGES = b"<</Type /Pages /Kids [3 0 R] /Count 1>>", b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>"


def with_stream(filters: bytes, data: bytes) -> bytes:
    """It says that it has ten bytes."""
    return raw(
        CATALOG,
        *PAGES,
        b"<</Names [(%b) 5 0 R]>>" % NAME.encode(),
        b"<</Type /Filespec /F (x) /UF (x) /EF <</F 6 0 R>>>>",
        b"<</Type /EmbeddedFile /Params <</Size 10>> /Filter %b /Length %d>>\nstream\n%b\nendstream"
        % (filters, len(data), data),
    )


def zeros(megabytes: int, times: int) -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(10**6)) for _ in range(megabytes)) + packer.flush()
    for _ in range(times - 1):
        packed = zlib.compress(packed, 9)
    return packed


PACKED_TWICE = b"[/FlateDecode /FlateDecode]"
QUICK = {
    "a bomb": lambda: with_stream(PACKED_TWICE, zeros(300, 2)),
    "deep arrays": lambda: with_stream(b"[" * 2_000_000 + b"]" * 2_000_000, b"x"),
    "a tree of names in a circle": lambda: raw(CATALOG, *PAGES, b"<</Kids [4 0 R 4 0 R] /Limits [(a) (z)]>>"),
    "pages in a circle": lambda: raw(CATALOG, b"<</Type /Pages /Kids [2 0 R] /Count 9>>", b"[]", b"<<>>"),
    "tables in a circle": lambda: raw(CATALOG, *PAGES, b"<<>>", trailer=b"/Prev 200"),
    "a length that is its own": lambda: raw(CATALOG, *PAGES, b"<</Length 4 0 R>>\nstream\nx\nendstream"),
    "rubbish": lambda: b"%PDF-1.7\n" + b"\xff" * 4_900_000,
}
LONG = {
    "objects without end": lambda: (
        b"%PDF-1.7\n" + b"".join(b"%d 0 obj[%d 0 R]endobj\n" % (n, n + 1) for n in range(150_000))
    ),
    "the same object without end": lambda: b"%PDF-1.7\n" + b"1 0 obj<</Type/Catalog>>endobj\n" * 150_000,
    "beginnings without end": lambda: b"%PDF-1.7\n" + b"startxref\n9\n%%EOF\n" * 200_000,
}


@pytest.mark.parametrize(
    "make",
    [
        *(pytest.param(make, id=name) for name, make in QUICK.items()),
        *(pytest.param(make, id=name, marks=pytest.mark.deep) for name, make in LONG.items()),
    ],
)
def test_a_hostile_file_keeps_nobody_waiting(make):
    before = taken_by_children()
    assert apart.look(make(), []).says is None
    assert taken_by_children() - before <= SECONDS + 1  # the system counts whole seconds


def taken_by_children() -> float:
    """Seconds of a processor."""
    taken = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken.ru_utime + taken.ru_stime


def child_that(monkeypatch, tmp_path, *lines: str) -> None:
    """Does this in the place of what it is there for."""
    child = tmp_path / "child.py"
    child.write_text("\n".join(("import json, os, resource, sys, time", *lines)))
    monkeypatch.setattr(apart, "CHILD", child)


def test_it_is_given_nothing_of_this_process(monkeypatch, tmp_path):
    """No secret of its environment, no folder, no open file."""
    monkeypatch.setenv("SEAL_KEY_PASSWORD", "top secret")
    child_that(
        monkeypatch,
        tmp_path,
        "print(json.dumps([dict(os.environ), os.getcwd(), os.listdir('/proc/self/fd')]))",
    )
    environment, folder, files = json.loads(apart._told(b""))
    assert set(environment) <= {"LC_CTYPE"}  # which Python sets for itself
    assert folder == "/"
    assert len(files) == 4  # the three of every process, and the one it lists them by


def test_its_limits_hold():
    """Each is set before anything of the file is read, and cannot be raised again."""
    program = (
        "import resource, sys; sys.path.append('.'); from certificates import apart_child as child\n"
        "names = ('CPU', 'AS', 'FSIZE', 'CORE', 'NPROC', 'NOFILE')\n"
        "held = lambda: [resource.getrlimit(getattr(resource, f'RLIMIT_{name}')) for name in names]\n"
        "child.json.loads = lambda line: print(held()) or sys.exit()\n"
        "child.main()"
    )
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, input=b"", check=True)
    memory = 256 * 2**20
    assert child.stdout.decode().strip() == str(
        [(SECONDS, SECONDS), (memory, memory), (0, 0), (0, 0), (0, 0), (16, 16)]
    )


def test_it_may_not_fill_the_memory():
    bomb = b'{"roots": [], "time_stamp_roots": []}\n' + QUICK["a bomb"]()
    child = subprocess.run([sys.executable, "-I", apart.CHILD], input=bomb, capture_output=True)
    assert child.returncode == 1
    assert b"bad_alloc" in child.stderr


def test_what_was_known_of_the_seal_stays_known_where_its_parser_breaks(drawn):
    seal = sealing.current()
    file = issuing.sealed(CONTENT, seal=seal, now=AFTER)
    cut = file.replace(b"/EmbeddedFiles", b"/EmbeddedRiles")
    found = apart.look(cut, [root_of(seal)])
    assert (found.seal.seal, found.seal.why) == (seal.fingerprint, "It was changed after it was sealed.")
    assert found.says is None


@pytest.mark.parametrize("line", ["time.sleep(60)", "while True: pass", "sys.exit(1)", "print('no JSON')"])
def test_one_that_gives_no_answer_is_not_waited_for(monkeypatch, tmp_path, line):
    child_that(monkeypatch, tmp_path, "resource.setrlimit(resource.RLIMIT_CPU, (1, 1))", line)
    monkeypatch.setattr(apart, "MOST_SECONDS", 1.5)
    assert apart.look(b"%PDF-1.7", []) == Looked(apart.NO_ANSWER, None)


def test_files_are_looked_at_one_after_another_whatever_the_number_of_processes(monkeypatch, tmp_path):
    """A lock that all processes of a machine share: one more of them holds it here."""
    monkeypatch.setattr(apart, "PATIENCE", 0.2)
    with apart.DOOR.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Busy, match="Try again in a minute"):
            apart.look(b"%PDF-1.7", [])
    assert apart.look(b"%PDF-1.7", []).seal.why == "It bears no seal."


def test_two_at_once_wait_for_each_other(monkeypatch, tmp_path):
    child_that(
        monkeypatch,
        tmp_path,
        "began = time.monotonic(); time.sleep(0.3)",
        "print(json.dumps([began, time.monotonic()]))",
    )
    with ThreadPoolExecutor(3) as beside:
        times = sorted(json.loads(told) for told in beside.map(apart._told, [b""] * 3))
    assert all(ended <= began for (_, ended), (began, _) in itertools.pairwise(times))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("2027-10-05 11:00:00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
ANSWER = asdict(Check(why="It bears no seal."))


@given(JSON | st.dictionaries(st.sampled_from([*ANSWER, "another"]), JSON).map(lambda part: ANSWER | part))
def test_an_answer_in_another_form_is_none(told):
    """Whoever broke into the child writes what they like."""
    found = apart._understood(json.dumps(told).encode())
    assert found == apart.NO_ANSWER or json.loads(json.dumps(asdict(found), default=str)) == told


@pytest.mark.parametrize(
    "told", [b"", b"[]", b"null", b"{}", b"[" * 99_999, b"\xff", b'"sealed_at"', b'{"sealed_at": null}']
)
def test_no_answer_at_all(told):
    assert apart._understood(told) == apart.NO_ANSWER
