"""All files in one: which, under what names, one after the other, and on record."""

import io
import tracemalloc
import zipfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates import bundle
from certificates.approval import propose_batch, submit_for_approval
from certificates.bundle import NothingIssued, file_name
from certificates.models import Certificate, CertificateFile
from certificates.replacing import reissue, revoke
from coaching.models import AuditEvent
from coaching.permissions import NotYourCohort
from tests.certificates.history import AFTER, approve, completed_team, registered

pytestmark = pytest.mark.usefixtures("plain_not_found")

MEGABYTE = 1_000_000


def opened(parts) -> zipfile.ZipFile:
    found = zipfile.ZipFile(io.BytesIO(b"".join(parts)))
    assert found.testzip() is None
    return found


def test_the_files_are_those_that_were_issued(approved, certificates, branch_officer):
    made = bundle.of_batch(batch=approved, by=branch_officer, now=AFTER)
    zipped = opened(made.parts())
    assert zipped.namelist() == [
        f"{each.serial}-{each.claims['name'].replace(' ', '-')}.pdf" for each in certificates
    ]
    assert [zipped.read(name) for name in zipped.namelist()] == [
        bytes(each.file.pdf) for each in certificates
    ]
    assert made.name == f"certificates-2027-{approved.cohort_id}-list-{approved.pk}.zip"


def test_what_no_longer_stands_is_left_out(approved, certificates, branch_officer):
    ada, ben, chi = certificates
    new = reissue(certificate=ada, by=branch_officer, reason="Lost", now=AFTER)
    revoke(certificate=ben, by=branch_officer, reason="Not earned", now=AFTER)
    made = bundle.of_batch(batch=approved, by=branch_officer, now=AFTER)
    assert [pk for pk, _ in made.files] == [chi.pk, new.pk]


def test_of_a_cohort_they_are_those_of_all_its_lists(
    cohort, approved, certificates, branch_officer, superintendent
):
    new = completed_team(cohort, ["Eli East", "Fay Fox"], by=branch_officer)
    batch = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    batch = approve(submit_for_approval(batch=batch, by=branch_officer, now=AFTER), superintendent)
    later = [registered(batch, participant) for participant in new]
    whole = bundle.of_cohort(cohort=cohort, by=branch_officer, now=AFTER)
    assert [pk for pk, _ in whole.files] == [each.pk for each in (*certificates, *later)]
    assert whole.name == f"certificates-2027-{cohort.pk}.zip"
    assert len(bundle.of_batch(batch=batch, by=branch_officer, now=AFTER).files) == 2


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Ada Álvarez-Cruz", "-Ada-Álvarez-Cruz"),
        ("../../etc/passwd", "-etc-passwd"),
        ("C:\\Temp\\x", "-C-Temp-x"),
        ('a<b>"c"|d?e*f', "-a-b-c-d-e-f"),
        ("D’Arcy O'Neil", "-D-Arcy-O-Neil"),
        ("李小龍", "-李小龍"),
        ("अनुष्का शर्मा", "-अनुष्का-शर्मा"),
        ("אבי כהן", "-אבי-כהן"),
        ("Q", "-Q"),
        (".", ""),
    ],
)
def test_names_are_of_letters_and_digits(name, slug):
    certificate = Certificate(serial="2027-003-0012", claims={"name": name})
    assert file_name(certificate) == f"2027-003-0012{slug}.pdf"


@pytest.mark.parametrize("letter", ["W", "é", "李", "अ"])
def test_a_long_name_is_cut_between_two_letters(letter):
    name = file_name(Certificate(serial="2027-003-0012", claims={"name": letter * 200}))
    assert name.startswith(f"2027-003-0012-{letter * 40}")
    assert len(name.encode()) <= 140


def test_people_of_one_name_have_files_of_their_own(approved, certificates, branch_officer):
    for certificate in certificates:
        Certificate.objects.filter(pk=certificate.pk).update(
            claims=certificate.claims | {"name": "Ada Alvarez"}
        )
    names = [name for _, name in bundle.of_batch(batch=approved, by=branch_officer, now=AFTER).files]
    assert len(set(names)) == 3


def test_who_took_which_is_on_record(approved, certificates, branch_officer):
    bundle.of_batch(batch=approved, by=branch_officer, now=AFTER)
    event = AuditEvent.objects.get(action="certificates.taken")
    assert (event.actor, event.object_type, event.object_id) == (
        branch_officer,
        "certificates.batch",
        approved.pk,
    )
    assert event.payload.data == {"serials": [each.serial for each in certificates]}


def test_a_file_is_read_when_it_is_its_turn(approved, certificates, branch_officer):
    made = bundle.of_batch(batch=approved, by=branch_officer, now=AFTER)
    read = []
    with CaptureQueriesContext(connection) as captured:
        for _ in made.parts():
            read.append(len(captured))
    assert len(captured) == 3
    assert sorted(set(read)) == [0, 1, 2, 3]


def test_they_are_never_all_in_memory(approved, certificates, branch_officer):
    CertificateFile.objects.update(pdf=b"%PDF" + bytes(8 * MEGABYTE))
    made = bundle.of_batch(batch=approved, by=branch_officer, now=AFTER)
    tracemalloc.start()
    size = sum(len(part) for part in made.parts())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 24 * MEGABYTE
    assert most < 20 * MEGABYTE  # one file, and its copy on the way from the database


def test_before_anything_is_issued_it_says_so(approved, branch_officer):
    with pytest.raises(NothingIssued):
        bundle.of_batch(batch=approved, by=branch_officer, now=AFTER)
    assert not AuditEvent.objects.filter(action="certificates.taken").exists()


@pytest.mark.parametrize("who", ["outsider", "deputy", "superintendent", "administrator"])
def test_they_are_the_branch_offices(request, cohort, approved, certificates, who):
    user = request.getfixturevalue(who)
    with pytest.raises(NotYourCohort):
        bundle.of_batch(batch=approved, by=user, now=AFTER)
    with pytest.raises(NotYourCohort):
        bundle.of_cohort(cohort=cohort, by=user, now=AFTER)


class TestPages:
    @pytest.mark.parametrize("name", ["certificate_files", "certificate_files_of_cohort"])
    def test_it_is_sent_as_it_is_made(self, client, approved, certificates, branch_officer, name):
        client.force_login(branch_officer)
        pk = approved.pk if name == "certificate_files" else approved.cohort_id
        page = "certificate_batch" if name == "certificate_files" else "certificate_completion"
        address = reverse(name, args=[pk])
        assert address in client.get(reverse(page, args=[pk])).content.decode()
        assert client.get(address)["Location"] == reverse(page, args=[pk])
        response = client.post(address)
        assert response.streaming
        assert (response["Content-Type"], response["Cache-Control"]) == (
            "application/zip",
            "private, no-store",
        )
        assert len(opened(response.streaming_content).namelist()) == 3

    def test_where_there_is_nothing_the_page_says_so(self, client, approved, branch_officer):
        client.force_login(branch_officer)
        response = client.post(reverse("certificate_files", args=[approved.pk]), follow=True)
        assert "No certificate that stands was issued yet." in response.content.decode()
