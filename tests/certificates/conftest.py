import pytest
import time_machine

from certificates import apart, issuing, preview
from certificates.approval import approve_batch, propose_batch, submit_for_approval
from certificates.issuing import issue_batch
from certificates.models import Batch, Certificate
from certificates.rendering import CertificateContent
from coaching.models import Participant
from tests.certificates.history import AFTER, completed_team, registered
from tests.remembering import remembered


@pytest.fixture(autouse=True)
def after_the_program():
    """The clock stands after the eight months."""
    with time_machine.travel(AFTER, tick=False):
        yield AFTER


@pytest.fixture(scope="session", autouse=True)
def _own_door(tmp_path_factory) -> None:
    """Other processes with tests look at files, too: nobody here waits for them."""
    apart.DOOR = tmp_path_factory.mktemp("door") / "door"
    apart.DOOR.touch()
    apart.MOST_SECONDS = 120  # by the clock, which says little on a machine full of tests


@pytest.fixture(autouse=True)
def sketched(request, monkeypatch) -> None:
    """A certificate takes half a second to draw; tests that read the file, or need its refusals, ask for `drawn`."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(preview, "render", sketch)
        monkeypatch.setattr(issuing, "file_of", sketch)


def sketch(content: CertificateContent, **_: object) -> bytes:
    return f"%PDF-1.7\n{content!a}\n%%EOF\n".encode()


@pytest.fixture
def drawn() -> None:
    """Certificates are really drawn."""


NAMES = ("Ada Alvarez", "Ben Brooks", "Chi Chen")


@pytest.fixture(scope="module", autouse=True)
def kept_members(kept_cast, django_db_blocker) -> list[Participant] | None:
    if kept_cast is None:
        return None
    with django_db_blocker.unblock(), time_machine.travel(AFTER, tick=False):
        return completed_team(kept_cast.cohort, NAMES, by=kept_cast.branch_officer)


@pytest.fixture
def members(kept_members, fresh, cohort, branch_officer) -> list[Participant]:
    """Three who completed, by name."""
    return fresh(kept_members) if kept_members else completed_team(cohort, NAMES, by=branch_officer)


@pytest.fixture
@remembered
def draft(cohort, members, branch_officer) -> Batch:
    return propose_batch(cohort=cohort, by=branch_officer, now=AFTER)


@pytest.fixture
@remembered
def submitted(draft, branch_officer) -> Batch:
    return submit_for_approval(batch=draft, by=branch_officer, now=AFTER)


@pytest.fixture
@remembered
def approved(submitted, superintendent) -> Batch:
    return approve_batch(batch=submitted, by=superintendent, typed_name=superintendent.name, now=AFTER)


@pytest.fixture
@remembered
def certificates(approved, members) -> list[Certificate]:
    """Those of all three as rows of the register: for tests of what stands there, not of how it came to be."""
    return [registered(approved, participant) for participant in members]


@pytest.fixture
def certificate(certificates) -> Certificate:
    """Ada's."""
    return certificates[0]


@pytest.fixture
def issued(approved, members, branch_officer) -> Certificate:
    """Ada's, issued with those of the others."""
    issue_batch(batch=approved, by=branch_officer, now=AFTER)
    return members[0].certificates.get()
