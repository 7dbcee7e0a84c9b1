"""What the home page says about certificates, from the last meeting to the holder. Here, where a cohort is completed."""

from datetime import timedelta

import pytest

from certificates.approval import return_batch, take_back
from certificates.issuing import start_issue
from certificates.models import SealCertificate, StatusList
from coaching import jobs
from coaching.models import Job, User
from coaching.site import home
from coaching.site.waiting.cards import Card, Urgency
from tests.certificates.history import AFTER


def cards_for(user: User) -> list[Card]:
    """Those of the superintendent about reports aside."""
    return [card for card in home.cards_for(user) if "report" not in card.address]


def titles(user: User) -> list[str]:
    return [card.title for card in cards_for(user)]


@pytest.mark.usefixtures("members")
def test_branch_office_proposes_when_the_meetings_are_over(cohort, branch_officer, superintendent):
    assert f"The meetings of the {cohort} are over" in titles(branch_officer)
    assert titles(superintendent) == []


def test_superintendent_approves(submitted, superintendent, branch_officer):
    """C3"""
    [card] = cards_for(superintendent)
    assert (card.title, card.urgency) == ("3 certificates to approve", Urgency.NOW)
    assert titles(branch_officer) == []


def test_list_that_came_back_is_urgent(submitted, superintendent, branch_officer):
    return_batch(batch=submitted, by=superintendent, reason="One name is missing.", now=AFTER)
    [card] = cards_for(branch_officer)
    assert (card.title, card.text) == (
        f"The certificates of the {submitted.cohort} came back",
        "Sofia Superintendent sent this list back: “One name is missing.”",
    )


def test_a_list_that_the_office_took_back_itself_did_not_come_back(submitted, branch_officer):
    take_back(batch=submitted, by=branch_officer, reason="One name is missing.", now=AFTER)
    [card] = cards_for(branch_officer)
    assert (card.title, card.text) == (
        f"The certificates of the {submitted.cohort} were taken back",
        "Bo Branchoffice of the branch office took this list back: “One name is missing.”",
    )


def test_approved_list_waits_to_be_issued(approved, branch_officer, superintendent, client):
    assert titles(branch_officer) == ["3 certificates to issue"]
    assert titles(superintendent) == ["Certificates you have approved"]
    client.force_login(superintendent)
    assert list(client.get("/certificates/").context["approved"]) == [approved]


def test_holder_finds_the_certificate(certificate, members, branch_officer):
    [card] = [each for each in cards_for(members[0].user) if "certificate of" in each.title]
    assert (card.title, card.urgency) == (
        f"Your certificate of the {certificate.participant.cohort}",
        Urgency.CALM,
    )
    assert titles(branch_officer) == []


def test_links_to_certificates_are_for_those_concerned(client, submitted, superintendent, members, outsider):
    def count(user):
        client.force_login(user)
        links = client.get("/").context["links"]
        return [link.count for link in links if link.label == "Certificates"]

    assert [count(user) for user in (superintendent, members[0].user, outsider)] == [[1], [0], []]


class TestSealEnds:
    """Administrators hear of it in time to have a new one made."""

    def seal(self, days: float, **values) -> SealCertificate:
        return SealCertificate.objects.create(
            **{
                "fingerprint": f"{days}",
                "root_fingerprint": "r",
                "owner": "Department of Education",
                "chain": "x",
                "valid_from": AFTER - timedelta(days=700),
                "valid_until": AFTER + timedelta(days=days),
                "first_used_at": AFTER - timedelta(days=700),
                **values,
            }
        )

    def cards(self, user):
        return [(card.title, card.urgency) for card in cards_for(user) if "seal" in card.title]

    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            (91, []),
            (90, [("The seal’s certificate expires soon", Urgency.SOON)]),
            (1, [("The seal’s certificate expires soon", Urgency.SOON)]),
            (0, [("The seal’s certificate has expired", Urgency.NOW)]),
            (-1, [("The seal’s certificate has expired", Urgency.NOW)]),
        ],
    )
    def test_from_ninety_days_before(self, administrator, days, expected):
        self.seal(days)
        assert self.cards(administrator) == expected

    def test_the_newest_that_was_used_counts(self, administrator):
        self.seal(10)
        self.seal(2000, first_used_at=AFTER)
        assert self.cards(administrator) == []

    def test_a_lost_key_is_said_however_long_its_certificate_runs(self, administrator):
        self.seal(2000, lost_at=AFTER, lost_reason="A laptop was stolen.")
        assert self.cards(administrator) == [("The key of the seal is lost", Urgency.NOW)]
        self.seal(3000, first_used_at=AFTER)
        assert self.cards(administrator) == []

    def test_without_a_seal_there_is_nothing_to_say(self, administrator):
        assert self.cards(administrator) == []

    @pytest.mark.parametrize("who", ["branch_officer", "superintendent", "outsider"])
    def test_it_is_for_administrators(self, request, who):
        user = request.getfixturevalue(who)
        self.seal(1)
        assert self.cards(user) == []

    def test_the_card_leads_to_the_seals(self, client, administrator):
        self.seal(1)
        client.force_login(administrator)
        [card] = [card for card in cards_for(administrator) if "seal" in card.title]
        assert "Wednesday, October 6, 2027" in card.text
        assert client.get(card.address).status_code == 200


class TestIssueFailed:
    """Administrators hear of what the worker could not do."""

    def fail(self, batch, by) -> Job:
        job = start_issue(batch=batch, by=by, now=AFTER)
        Job.objects.filter(pk=job.pk).update(
            status=Job.Status.FAILED, error="The key of the seal does not open.", finished_at=AFTER
        )
        return job

    def test_it_says_why_and_where(self, approved, administrator, branch_officer):
        self.fail(approved, branch_officer)
        [card] = [each for each in cards_for(administrator) if "failed" in each.title]
        assert card.title == "1 job of issuing certificates failed"
        assert card.text == "The last one on Tuesday, October 5, 2027: The key of the seal does not open."
        assert card.address == "/admin/coaching/job/?status__exact=failed"
        assert not [each for each in titles(branch_officer) if "failed" in each]

    def test_once_it_is_tried_again_it_is_gone(self, approved, administrator, branch_officer):
        self.fail(approved, branch_officer)
        jobs.run(start_issue(batch=approved, by=branch_officer, now=AFTER).pk)
        assert "failed" not in " ".join(titles(administrator))

    @pytest.mark.parametrize(("days", "told"), [(0, False), (1, False), (2, True)])
    def test_a_list_that_is_not_made_anew_is_told(self, administrator, days, told):
        StatusList.objects.create(pk=1, made_at=AFTER - timedelta(days=days), counts={}, signed=b"x")
        assert ("The list of certificates is not made anew" in titles(administrator)) is told
