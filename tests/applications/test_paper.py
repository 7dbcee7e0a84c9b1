"""Paper still works: applications and signatures entered with their scan, attested by name; all rules hold (A15)."""

import hashlib
import io
import re
import zlib
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from applications import drafting, paper, printing, timeline, workflow
from applications.models import Application
from applications.paper import Attested, PaperSignature
from applications.settling import ConceptNotDiscussed, DecisionNeeded, NotWaitingOnYou
from coaching import paper as papers
from coaching.models import AuditEvent, Delegation, ESignConsent, Message, Scan, SignOff
from coaching.permissions import NotYourCohort
from coaching.signing import NameDoesNotMatch
from tests import factories
from tests.applications.counting import queries
from tests.applications.factories import ANSWERS, at_deputy, competencies, decide, draft, sign, submitted
from tests.certificates.content import text_of
from tests.clock import NOW, TODAY
from tests.constraints import refused_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]
SIGNED, RECEIVED = date(2026, 11, 16), date(2026, 11, 18)


def pdf(pages: int = 1, **options: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as made:
        for _ in range(pages):
            made.add_blank_page()
        made.save(out, **options)
    return out.getvalue()


def unpacks_to(size: int) -> bytes:
    """A PDF file of a few kilobytes whose objects take so many bytes of memory."""
    objects = b"2 0 3 30 <</Type/Catalog/Pages 3 0 R>> <</Type/Pages/Kids[]/Count 0>>"
    parts = zlib.compressobj(9, wbits=-15)
    begin = parts.compress(objects) + parts.flush(zlib.Z_FULL_FLUSH)
    spaces = parts.compress(b" " * 2**20) + parts.flush(zlib.Z_FULL_FLUSH)
    packed = b"\x78\xda" + begin + spaces * (size // 2**20)
    out = b"%PDF-1.5\n"
    stream = b"4 0 obj<</Type/ObjStm/N 2/First 9/Filter/FlateDecode/Length %d>>stream\n%b\nendstream endobj\n"
    table = b"5 0 obj<</Type/XRef/Size 6/W[1 4 1]/Root 2 0 R/Length 36>>stream\n%b\nendstream endobj\n"
    at = len(out)
    out += stream % (len(packed), packed)
    places = [(0, 0, 255), (0, 0, 0), (2, 4, 0), (2, 4, 1), (1, at, 0), (1, len(out), 0)]
    rows = b"".join(bytes([kind]) + place.to_bytes(4) + bytes([more]) for kind, place, more in places)
    return out + table % rows + b"startxref\n%d\n%%%%EOF" % len(out)


def picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("L", (20, 30), 255).save(out, kind)
    return out.getvalue()


SCAN = picture()


@pytest.fixture
def enter(applicant, cohort, branch_officer):
    def entered(*signatures: PaperSignature, **values) -> Application:
        six = competencies(cohort)
        kinds = ["grow", "grow", "glow", "neither", "neither", "neither"]
        answers = {**ANSWERS, "project_competencies": six[:2], **values.pop("answers", {})}
        whole = {
            "cohort": cohort,
            "applicant": applicant,
            "answers": answers,
            "ratings": {each: (kind, "") for each, kind in zip(six, kinds, strict=True)},
            "received_date": RECEIVED,
            "signed_date": SIGNED,
            "attested": Attested(SCAN, branch_officer.name),
            "by": branch_officer,
            "now": NOW,
            **values,
        }
        return paper.enter(signatures=signatures, **whole)

    return entered


@pytest.fixture
def record(branch_officer):
    def recorded(application, signer, day=TODAY, *, concept_date=None, **values) -> Application:
        whole = {"attested": Attested(SCAN, branch_officer.name), "by": branch_officer, "now": NOW, **values}
        signature = PaperSignature(signer, day, concept_date)
        return paper.record_signature(application=application, signature=signature, **whole)

    return recorded


class TestEnter:
    def test_it_waits_at_the_first_step_that_is_not_signed(self, enter, supervisor, director):
        application = enter(PaperSignature(supervisor, date(2026, 11, 17)))
        assert application.status == "in_review"
        assert application.current_step().signer == director
        assert drafting.today_of(application.cohort, application.submitted_at) == RECEIVED
        assert "Date submitted: Wednesday, November 18, 2026" in application.current_text.text

    def test_without_other_signatures_it_waits_on_the_supervisor(self, enter, supervisor):
        assert enter().current_step().signer == supervisor

    def test_with_all_signatures_it_waits_on_the_deputy_who_decides(
        self, enter, supervisor, director, deputy
    ):
        application = enter(
            PaperSignature(supervisor, date(2026, 11, 17)), PaperSignature(director, date(2026, 11, 18))
        )
        assert application.current_step().signer == deputy
        assert decide(application, deputy).status == "accepted"

    def test_each_signature_says_that_it_is_on_paper(self, enter, applicant, supervisor, branch_officer):
        application = enter(PaperSignature(supervisor, date(2026, 11, 17)))
        scan = Scan.objects.get()
        rows = application.current_text.sign_offs.order_by("signed_at")
        assert [(each.signer, each.capacity, each.signed_at.date()) for each in rows] == [
            (applicant, "Applicant", SIGNED),
            (supervisor, "Supervisor", date(2026, 11, 17)),
        ]
        for each in rows:
            assert (each.on_paper, each.scan, each.attested_by, each.attested_at) == (
                True,
                scan,
                branch_officer,
                NOW,
            )
            assert each.session_digest == ""
        assert (scan.sha256, scan.uploaded_by) == (hashlib.sha256(SCAN).hexdigest(), branch_officer)

    def test_nobody_on_paper_needs_to_consent_to_signing_electronically(self, enter, supervisor):
        ESignConsent.objects.all().delete()
        assert enter(PaperSignature(supervisor, RECEIVED)).current_step().signer.name == "Dana Director"

    def test_a_correction_of_the_concept_date_is_kept(self, enter, supervisor):
        """A3."""
        application = enter(PaperSignature(supervisor, RECEIVED, date(2026, 11, 3)))
        assert application.route().first().concept_date == date(2026, 11, 3)

    def test_one_person_in_two_posts_signs_once(self, enter, applicant, director):
        """A9."""
        applicant.supervisor = director
        applicant.save()
        application = enter(PaperSignature(director, SIGNED), PaperSignature(director, RECEIVED))
        assert application.current_step().office == "deputy"
        assert SignOff.objects.get(signer=director).capacity.startswith("Supervisor; also Division Director")

    def test_whoever_acted_on_the_day_of_the_paper_signs_with_both_names(self, enter, supervisor, outsider):
        """A9."""
        days = {"start_date": date(2026, 11, 1), "end_date": date(2026, 11, 30)}
        Delegation.objects.create(
            kind="delegate", principal=supervisor, person=outsider, reason="Leave.", **days
        )
        enter(PaperSignature(outsider, RECEIVED))
        assert SignOff.objects.get(signer=outsider).on_behalf_of == supervisor

    def test_is_audited_and_told(self, enter, branch_officer, supervisor):
        application = enter(PaperSignature(supervisor, RECEIVED))
        event = AuditEvent.objects.get(action="application.entered_on_paper")
        assert (event.actor, event.payload.data["received_date"]) == (branch_officer, "2026-11-18")
        assert (
            AuditEvent.objects.filter(action="application.signed_on_paper", actor=branch_officer).count() == 1
        )
        kinds = set(Message.objects.filter(recipient=application.applicant).values_list("kind", flat=True))
        assert "application_submitted" in kinds
        assert Message.objects.filter(kind="application_to_sign", recipient__name="Dana Director").exists()


class TestEnterRefused:
    def nothing_is_left(self) -> None:
        assert (Application.objects.count(), Scan.objects.count(), SignOff.objects.count()) == (0, 0, 0)

    @pytest.mark.parametrize(
        ("values", "refusal", "reason"),
        [
            ({"received_date": TODAY + timedelta(days=1)}, paper.NotOnPaper, "still to come"),
            ({"signed_date": date(2026, 11, 19)}, paper.NotOnPaper, "after the paper was received"),
            ({"answers": {"why": ""}}, workflow.NotComplete, "why you want to take part"),
            (
                {"answers": {"concept_director_date": date(2026, 11, 17)}},
                workflow.NotComplete,
                "discuss|Discuss",
            ),
            ({"ratings": {}}, workflow.NotComplete, "grow"),
            ({"attested": Attested(b"GIF89a", "Bo Branchoffice")}, papers.NotAScan, "no PDF, JPEG or PNG"),
            ({"attested": Attested(SCAN, "Somebody Else")}, NameDoesNotMatch, "your own name"),
        ],
    )
    def test_what_the_rules_do_not_allow(self, enter, values, refusal, reason):
        with pytest.raises(refusal, match=reason):
            enter(**values)
        self.nothing_is_left()

    def test_received_after_the_closing_day(self, enter):
        late = NOW + timedelta(days=60)
        with pytest.raises(drafting.NotOpen, match="closed on December 31, 2026"):
            enter(received_date=date(2027, 1, 4), signed_date=date(2026, 12, 30), now=late)
        self.nothing_is_left()

    def test_received_in_time_it_is_entered_later(self, enter):
        late = NOW + timedelta(days=60)
        assert enter(received_date=date(2026, 12, 31), now=late).status == "in_review"

    def test_a_step_is_not_skipped(self, enter, director):
        """A9."""
        with pytest.raises(NotWaitingOnYou, match="it waits on Sam Supervisor"):
            enter(PaperSignature(director, RECEIVED))
        self.nothing_is_left()

    def test_nobody_signs_their_own(self, enter, applicant):
        """A9."""
        with pytest.raises(NotWaitingOnYou):
            enter(PaperSignature(applicant, RECEIVED))

    def test_nobody_signs_before_the_applicant_or_in_the_future(self, enter, supervisor):
        for day in (SIGNED - timedelta(days=1), TODAY + timedelta(days=1)):
            with pytest.raises(paper.NotOnPaper, match="Check the dates"):
                enter(PaperSignature(supervisor, day))

    def test_the_decision_is_not_made_on_it(self, enter, supervisor, director, deputy):
        before = (PaperSignature(supervisor, RECEIVED), PaperSignature(director, RECEIVED))
        with pytest.raises(DecisionNeeded, match="record a designee"):
            enter(*before, PaperSignature(deputy, RECEIVED))

    def test_whoever_has_applied_already(self, enter, applicant, cohort):
        draft(applicant, cohort)
        with pytest.raises(paper.AlreadyApplied, match="has begun an application"):
            enter()
        workflow.withdraw(application=Application.objects.get(), by=applicant, now=NOW)
        enter()
        with pytest.raises(paper.AlreadyApplied, match=r"has applied to the .* already: in review"):
            enter()

    def test_by_anybody_but_the_branch_office(self, enter, supervisor, deputy, org):
        foreign = factories.officer(factories.unit("branch", parent=org.department))
        for by in (supervisor, deputy, foreign):
            with pytest.raises(NotYourCohort):
                enter(by=by, attested=Attested(SCAN, by.name))

    def test_by_an_officer_who_applied(self, enter, cohort, branch_officer):
        """T10."""
        factories.participant(cohort, branch_officer)
        with pytest.raises(NotYourCohort):
            enter()

    def test_an_officers_own_application(self, enter, branch_officer):
        with pytest.raises(paper.NotOnPaper, match="their own application"):
            enter(applicant=branch_officer)

    def test_an_officer_does_not_attest_their_own_signature(self, enter, applicant, branch_officer):
        applicant.supervisor = branch_officer
        applicant.save()
        with pytest.raises(papers.NotAttested, match="their own signature"):
            enter(PaperSignature(branch_officer, RECEIVED))

    def test_somebody_of_another_branch(self, enter, org):
        """F5."""
        stranger = factories.person(unit=factories.unit("branch", parent=org.department))
        with pytest.raises(drafting.NotOpen, match="is for people of the"):
            enter(applicant=stranger)


class TestRecordSignature:
    """One can decline to sign electronically and sign on paper."""

    def test_goes_on_to_the_next(self, applicant, cohort, supervisor, director, record, branch_officer):
        application = record(submitted(applicant, cohort), supervisor)
        assert application.current_step().signer == director
        sign_off = SignOff.objects.get(signer=supervisor)
        assert (sign_off.on_paper, sign_off.attested_by) == (True, branch_officer)
        sign(application, director)
        assert SignOff.objects.get(signer=director).on_paper is False

    def test_needs_no_consent(self, applicant, cohort, supervisor, record):
        application = submitted(applicant, cohort)
        supervisor.esign_consents.all().delete()
        record(application, supervisor)
        assert SignOff.objects.filter(signer=supervisor, on_paper=True).count() == 1

    def test_is_recorded_once(self, applicant, cohort, supervisor, record):
        application = submitted(applicant, cohort)
        record(application, supervisor)
        with pytest.raises(NotWaitingOnYou, match="waits on Dana Director"):
            record(application, supervisor)
        assert SignOff.objects.filter(signer=supervisor).count() == 1
        assert Scan.objects.count() == 1

    def test_the_decision_is_made_here(self, applicant, cohort, deputy, record):
        with pytest.raises(DecisionNeeded):
            record(at_deputy(applicant, cohort), deputy)

    def test_the_concept_was_discussed_before(self, applicant, cohort, supervisor, record):
        """A3."""
        with pytest.raises(ConceptNotDiscussed):
            record(submitted(applicant, cohort), supervisor, concept_date=TODAY + timedelta(days=1))

    def test_not_before_the_submission(self, applicant, cohort, supervisor, record):
        with pytest.raises(paper.NotOnPaper):
            record(submitted(applicant, cohort), supervisor, TODAY - timedelta(days=1))

    def test_signed_between_the_applicant_and_the_receipt(self, enter, supervisor, director, record):
        """A15: what counts is the day of the applicant's own signature, not the one on which the paper was received."""
        stated = dict.fromkeys(("concept_supervisor_date", "concept_director_date"), date(2026, 11, 2))
        application = enter(signed_date=date(2026, 11, 10), answers=stated)
        with pytest.raises(paper.NotOnPaper, match="The applicant signed on November 10, 2026, and nobody"):
            record(application, supervisor, date(2026, 11, 9))
        application = record(application, supervisor, date(2026, 11, 12))
        assert application.current_step().signer == director
        signed_at = SignOff.objects.get(signer=supervisor).signed_at
        assert drafting.today_of(application.cohort, signed_at) == date(2026, 11, 12)

    @pytest.mark.parametrize("day", [date(2026, 11, 11), date(2026, 11, 13), date(2026, 11, 30)])
    def test_the_concept_was_discussed_before_the_applicant_signed(self, enter, supervisor, record, day):
        """A3: what the paper says cannot be later than the paper."""
        stated = dict.fromkeys(("concept_supervisor_date", "concept_director_date"), date(2026, 11, 2))
        application = enter(signed_date=date(2026, 11, 10), answers=stated)
        with pytest.raises(ConceptNotDiscussed, match="The applicant signed on November 10, 2026") as refused:
            record(application, supervisor, date(2026, 11, 12), concept_date=day)
        assert refused.value.office == "supervisor"
        assert application.current_step().status == "pending"
        assert not SignOff.objects.filter(signer=supervisor).exists()

    def test_the_day_of_the_applicants_signature_is_that_of_the_cohorts_zone(
        self, applicant, cohort, supervisor, director, record
    ):
        late = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)  # still November 23 in California
        application = submitted(applicant, cohort, now=late)
        with pytest.raises(paper.NotOnPaper, match="The applicant signed on November 23, 2026"):
            record(application, supervisor, date(2026, 11, 22), now=late)
        assert record(application, supervisor, TODAY, now=late).current_step().signer == director

    def test_by_the_branch_office_alone(self, applicant, cohort, supervisor, deputy, record):
        with pytest.raises(NotYourCohort):
            record(submitted(applicant, cohort), supervisor, by=deputy)


class TestScan:
    @pytest.mark.parametrize(
        ("content", "kind"),
        [(pdf(), "application/pdf"), (picture("PNG"), "image/png"), (picture("JPEG"), "image/jpeg")],
    )
    def test_is_known_by_its_content(self, content, kind):
        assert papers.kind_of(content) == kind

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "no PDF, JPEG or PNG"),
            (b"<html><script>", "no PDF, JPEG or PNG"),
            (b"%PDF-1.7 and then nothing", "damaged"),
            (pdf(pages=0), "no pages"),
            (pdf(encryption=pikepdf.Encryption(owner="o", user="u")), "locked"),
            (picture("PNG")[:40], "damaged"),
            (b"\xff\xd8\xff" + b"0" * 50, "damaged"),
            (SCAN + b"0" * papers.MOST_BYTES, "larger than 10 MB"),
            (unpacks_to(2**30), "damaged"),
        ],
    )
    def test_anything_else_is_refused(self, content, reason):
        with pytest.raises(papers.NotAScan, match=reason):
            papers.kind_of(content)


class TestDatabase:
    def test_a_signature_on_paper_is_attested(self, enter):
        enter()
        row = SignOff.objects.get()
        for values in (
            {"on_paper": False},
            {"scan": None},
            {"attested_by": None},
            {"attested_at": None},
            {"session_digest": "0" * 64},
        ):
            change = SignOff.objects.filter(pk=row.pk).update
            assert refused_by(change, **values) == "signoff_on_paper_is_attested"

    def test_it_is_attested_by_another(self, enter, branch_officer):
        enter()
        assert refused_by(SignOff.objects.update, signer=branch_officer) == "signoff_attested_by_another"


def words(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def upload(content: bytes = SCAN, name: str = "scan.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


class TestPages:
    @pytest.fixture
    def client(self, client, branch_officer):
        client.force_login(branch_officer)
        return client

    @pytest.fixture
    def typed(self, cohort, branch_officer, supervisor) -> dict[str, object]:
        six = competencies(cohort)
        kinds = ["grow", "grow", "glow", "neither", "neither", "neither"]
        return {
            **ANSWERS,
            **{f"rating_{each.pk}": kind for each, kind in zip(six, kinds, strict=True)},
            "project_competencies": [six[0].pk],
            "received_date": RECEIVED,
            "signed_date": SIGNED,
            "acknowledged": "on",
            "signer_supervisor": supervisor.email,
            "signed_supervisor": RECEIVED,
            "attested_name": branch_officer.name,
        }

    def test_the_person_is_searched_for_among_those_of_the_branch(self, client, cohort, applicant, org):
        factories.person("Ana Elsewhere", unit=factories.unit("branch", parent=org.department))
        page = client.get(reverse("paper_person", args=[cohort.pk]), {"q": "ana app"})
        assert page.context["people"] == [applicant]
        assert client.get(reverse("paper_person", args=[cohort.pk])).context["people"] == []
        for senseless in ("a " * 1500, "\0zz", "%" * 200):
            assert client.get(reverse("paper_person", args=[cohort.pk]), {"q": senseless}).status_code == 200
        assert "Nobody found" in words(client.get(reverse("paper_person", args=[cohort.pk]), {"q": "zz"}))

    def test_the_search_shows_so_many_and_says_that_there_are_more(self, client, cohort, org):
        address = reverse("paper_person", args=[cohort.pk]) + "?q=person"
        factories.person(unit=org.unit)
        once = queries(client, address)
        for _ in range(24):
            factories.person(unit=org.unit)
        page = client.get(address)
        assert len(page.context["people"]) == 20
        assert "There are more." in words(page)
        assert queries(client, address) == once

    def test_the_whole_paper_is_entered_on_one_page(self, client, cohort, applicant, typed, director):
        address = reverse("paper_enter", args=[cohort.pk, applicant.pk])
        assert "Type your own name to attest it" in words(client.get(address))
        response = client.post(address, {**typed, "scan": upload()})
        application = Application.objects.get()
        assert response["Location"] == reverse("application", args=[application.pk])
        page = words(client.get(response["Location"]))
        assert "It is with Dana Director" in page
        assert "On paper of November 18, 2026, attested by Bo Branchoffice." in page

    def test_it_speaks_to_the_officer_in_one_form(self, client, cohort, applicant):
        page = words(client.get(reverse("paper_enter", args=[cohort.pk, applicant.pk])))
        form = re.search(r'<form method="post" enctype.*?</form>', page).group()
        assert form.count("csrfmiddlewaretoken") == 1
        assert "The concept was discussed with the supervisor on" in form
        assert (
            re.findall(
                r"\b[Yy]ou(?:r supervisor|r division| want| glow)?\b", form.split("The paper itself")[0]
            )
            == []
        )

    @pytest.mark.parametrize("name", ["people_written_order", "people_acting", "people_me"])
    def test_other_forms_have_one_token_too(self, client, name):
        page = words(client.get(reverse(name)))
        forms = [each for each in re.findall(r"<form.*?</form>", page) if "post" in each]
        assert {each.count("csrfmiddlewaretoken") for each in forms} == {1}

    def test_nothing_is_typed_for_whoever_has_applied(self, client, cohort, applicant):
        submitted(applicant, cohort)
        response = client.get(reverse("paper_enter", args=[cohort.pk, applicant.pk]))
        assert response["Location"] == reverse("paper_person", args=[cohort.pk])
        assert "Ana Applicant has applied to the" in words(client.get(response["Location"]))

    def test_what_was_typed_stays_when_something_is_wrong(self, client, cohort, applicant, typed):
        address = reverse("paper_enter", args=[cohort.pk, applicant.pk])
        september = date(2026, 9, 30)
        wrong = {"received_date": date(2026, 10, 1), "signed_date": september}
        wrong |= {"concept_supervisor_date": september, "concept_director_date": september}
        page = words(client.post(address, {**typed, "scan": upload(), **wrong}))
        assert "open on November 1, 2026" in page
        assert "One form for school meals" in page
        assert "Choose the scan again" in page
        page = words(client.post(address, {**typed, "scan": upload(), "why": ""}))
        assert "“Why does the applicant want to take part” has no answer." in page
        page = words(client.post(address, {**typed, "why": "", "project_competencies": []}))
        assert "Choose the scan of the signed paper." in page
        assert "“Why does the applicant want to take part” has no answer." in page
        assert "“Competencies the project serves” has no answer." in page
        tomorrow = {"concept_director_date": RECEIVED}
        page = words(client.post(address, {**typed, "scan": upload(), **tomorrow}))
        assert "division director on”: this day lies after the applicant’s signature." in page
        page = words(client.post(address, {**typed, "scan": upload(b"MZ", "scan.pdf")}))
        assert "This is no PDF, JPEG or PNG file." in page
        page = words(client.post(address, {**typed, "scan": upload(), "attested_name": "Me"}))
        assert "type your own name exactly" in page
        skipped = {"signed_supervisor": "", "signer_director": "x", "signed_director": RECEIVED}
        page = words(client.post(address, {**typed, "scan": upload(), **skipped}))
        assert "No step is skipped: the supervisor signs first." in page
        assert Application.objects.count() == 0

    def test_a_signature_is_recorded_on_its_page(self, client, cohort, applicant, supervisor, branch_officer):
        application = submitted(applicant, cohort)
        address = reverse("paper_signature", args=[application.pk])
        assert address in words(client.get(reverse("application", args=[application.pk])))
        values = {
            "signer": supervisor.email,
            "signed_date": TODAY,
            "concept_date": ANSWERS["concept_supervisor_date"],
            "attested_name": branch_officer.name,
        }
        page = words(
            client.post(address, {**values, "scan": upload(picture(), "scan.png"), "attested_name": "No"})
        )
        assert "type your own name exactly" in page
        assert not SignOff.objects.filter(signer=supervisor).exists()
        response = client.post(address, {**values, "scan": upload(picture(), "scan.png")})
        assert response["Location"] == reverse("application", args=[application.pk])
        assert application.current_step().signer.name == "Dana Director"

    def test_where_nothing_waits_for_paper_it_leads_back(self, client, cohort, applicant):
        application = at_deputy(applicant, cohort)
        response = client.get(reverse("paper_signature", args=[application.pk]))
        assert response["Location"] == reverse("application", args=[application.pk])

    def test_the_scan_is_served_as_a_file_to_readers_of_the_text(
        self, client, enter, applicant, supervisor, director, outsider, deputy
    ):
        attested = Attested(pdf(), "Bo Branchoffice")
        application = enter(PaperSignature(supervisor, RECEIVED), attested=attested)
        address = reverse("application_scan", args=[application.pk, Scan.objects.get().pk])
        response = client.get(address)
        assert response.content == attested.scan
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"].startswith('attachment; filename="signed-application-')
        assert (response["X-Content-Type-Options"], response["Cache-Control"]) == (
            "nosniff",
            "private, no-store",
        )
        text = reverse("application_text", args=[application.pk, application.current_text_id])
        assert address in words(client.get(text))
        for who, status in (
            (applicant, 200),
            (supervisor, 200),
            (director, 200),
            (deputy, 200),
            (outsider, 404),
        ):
            client.force_login(who)
            assert client.get(address).status_code == status, who
        other = submitted(factories.person(unit=applicant.unit, supervisor=supervisor), application.cohort)
        client.force_login(applicant)
        assert client.get(address.replace(f"/{application.pk}/", f"/{other.pk}/")).status_code == 404


class TestRecord:
    def test_the_timeline_tells_what_came_on_paper(self, enter, supervisor, director):
        """Each signature by itself, though both were entered at once."""
        application = enter(
            PaperSignature(supervisor, date(2026, 11, 17)), PaperSignature(director, date(2026, 11, 18))
        )
        assert [(event.title, event.text) for event in timeline.timeline(application)] == [
            (
                "Entered by Bo Branchoffice (branch office)",
                "On paper, signed by Ana Applicant on November 16, 2026 and received on November 18, 2026.",
            ),
            (
                "Signed by Sam Supervisor",
                "Supervisor. On paper of November 17, 2026, attested by Bo Branchoffice.",
            ),
            (
                "Signed by Dana Director",
                "Division Director, Nutrition Division. On paper of November 18, 2026, attested by Bo Branchoffice.",
            ),
        ]

    def test_the_form_to_file_says_so_with_the_day_alone(self, enter, supervisor):
        form = printing.of_text(application := enter(), application.current_text, now=NOW)
        scan = Scan.objects.get().sha256
        assert (
            form.signatures[0].attested == f"Bo Branchoffice, November 23, 2026. SHA-256 of the scan: {scan}"
        )
        words = text_of(printing.render(form))
        assert "Signature (on paper)" in words
        assert "Monday, November 16, 2026" in words
        assert "November 16, 2026, 12:00" not in words
