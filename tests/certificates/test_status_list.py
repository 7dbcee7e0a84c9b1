"""What is published for those who verify without this site: all roots, and a signed list of how the files stand."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse, reverse_lazy

from certificates import lost_seals, seal_check, sealing, status_list
from certificates.issuing import kept
from certificates.models import Certificate, SealCertificate, StatusList
from certificates.replacing import reissue, revoke
from certificates.seal_check import Published
from certificates.seal_keys import NoSealKey
from certificates.sealing import CannotSeal, Seal
from certificates.status_list import NotThisList
from coaching import audit
from coaching.models import AuditEvent
from coaching.site import due
from tests.certificates.history import AFTER
from tests.certificates.seals import Authority, made, new_seal, root_of

LATER = AFTER + timedelta(days=2)


def states(client) -> dict[str, str]:
    """As a stranger reads them, with nothing but what is published."""
    return dict(status_list.read(client.get(reverse("verify_status")).content, published(client)).states)


def published(client) -> Published:
    return seal_check.published(client.get(reverse("verify_seals")).content)


def only(seal: Seal) -> Published:
    """A department with this seal alone."""
    return Published((seal.fingerprint,), (root_of(seal),))


@pytest.fixture
def another_key(tmp_path, settings) -> None:
    """The key was replaced, with its root."""
    material = made("Department of Education")
    for name, pem in (("key.pem", material.key), ("seal.pem", material.chain)):
        (tmp_path / name).write_bytes(pem)
    settings.SEAL_CERTIFICATE, settings.SEAL_KEY = str(tmp_path / "seal.pem"), str(tmp_path / "key.pem")


class TestList:
    def test_it_follows_each_issue_reissue_and_revocation(self, client, certificates, branch_officer):
        ada, ben, chi = certificates
        assert status_list.do_due(now=AFTER) == 1
        assert states(client) == {each.digest: "valid" for each in certificates}
        new = reissue(certificate=ada, by=branch_officer, reason="Lost", now=LATER)
        assert status_list.do_due(now=LATER) == 1
        assert states(client) == {
            ada.digest: "superseded",
            new.digest: "valid",
            ben.digest: "valid",
            chi.digest: "valid",
        }
        revoke(certificate=ben, by=branch_officer, reason="Not earned", now=LATER)
        assert status_list.do_due(now=LATER) == 1
        assert states(client)[ben.digest] == "revoked"

    def test_it_is_made_once_and_anew_each_day(self, certificates):
        assert [status_list.do_due(now=AFTER) for _ in range(3)] == [1, 0, 0]
        assert status_list.do_due(now=AFTER + timedelta(hours=23)) == 0
        assert status_list.do_due(now=AFTER + timedelta(hours=24)) == 1
        assert [each.made_at for each in StatusList.objects.all()] == [AFTER + timedelta(hours=24)]

    def test_it_is_made_anew_with_the_next_seal_at_once(self, client, certificates, another_key):
        status_list.make(now=AFTER)
        StatusList.objects.update(seal=kept(new_seal(), AFTER))
        assert [status_list.do_due(now=AFTER) for _ in range(2)] == [1, 0]
        assert published(client).seals[0] == sealing.current().fingerprint

    def test_a_clock_that_was_once_ahead_does_not_end_it(self, certificates):
        assert status_list.do_due(now=AFTER + timedelta(days=900)) == 1
        assert status_list.do_due(now=AFTER) == 1
        assert StatusList.objects.get().made_at == AFTER

    def test_it_is_among_what_time_brings_about(self, certificates):
        due.send_due(now=AFTER)
        assert StatusList.objects.get().counts == {"valid": 3}

    def test_made_again_it_is_the_same_row(self, certificates):
        status_list.make(now=AFTER)
        status_list.make(now=AFTER)
        assert StatusList.objects.count() == SealCertificate.objects.count() == 1

    def test_where_it_cannot_be_signed_nothing_of_it_is_kept(self, certificates, monkeypatch):
        def break_off(*args: object, **named: object) -> bytes:
            raise CannotSeal("The token is away.")

        sealing.usable(now=AFTER)  # tries it, once a day
        monkeypatch.setattr(Seal, "around", break_off)
        with pytest.raises(CannotSeal):
            status_list.make(now=AFTER)
        assert StatusList.objects.count() == SealCertificate.objects.count() == 0

    def test_it_names_files_by_digest_alone(self, certificates):
        content = bytes(status_list.make(now=AFTER).signed)
        for each in certificates:
            assert each.digest.encode() in content
            for secret in (each.code, each.serial, *each.claims["name"].split()):
                assert secret.encode() not in content
        listed = status_list.read(content, only(sealing.current()))
        assert list(listed.states) == sorted(each.digest for each in certificates)

    def test_without_a_key_a_process_makes_none_and_says_nothing(self, certificates, settings, caplog):
        settings.SEAL_CERTIFICATE = ""
        assert status_list.do_due(now=AFTER) == 0
        assert caplog.text == ""

    def test_a_key_that_does_not_open_is_told_to_the_log_and_stops_nothing(
        self, certificates, settings, caplog
    ):
        settings.SEAL_KEY_PASSWORD = "another"
        due.send_due(now=AFTER)
        assert "No new status list: The key of the seal does not open." in caplog.text

    def test_before_the_first_certificate_it_names_none(self, client, db):
        assert client.get(reverse("verify_status")).status_code == 404  # no worker has run yet
        assert [status_list.do_due(now=AFTER) for _ in range(2)] == [1, 0]
        assert states(client) == {}

    def test_whoever_serves_it_needs_no_key(self, client, certificates, settings):
        status_list.make(now=AFTER)
        settings.SEAL_CERTIFICATE = settings.SEAL_KEY = ""
        answer = client.get(reverse("verify_status"))
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pkcs7-mime")
        assert answer["Cache-Control"] == "public, max-age=60"

    def test_openssl_verifies_it_with_the_published_roots(self, client, certificates, tmp_path):
        """docs/operations.md names these commands."""
        status_list.make(now=AFTER)
        for name in ("roots.pem", "status.p7m"):
            (tmp_path / name).write_bytes(client.get(f"/verify/{name}").content)
        command = (
            "openssl cms -verify -inform DER -in status.p7m -CAfile roots.pem -purpose any -no_check_time "
            "-signer signer.pem"
        )
        openssl = subprocess.run(command.split(), cwd=tmp_path, capture_output=True)
        assert openssl.returncode == 0, openssl.stderr
        asked = ["openssl", "x509", "-in", "signer.pem", "-noout", "-fingerprint", "-sha256"]
        signer = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True).stdout
        assert signer.rpartition("=")[2].strip().replace(":", "").lower() == published(client).seals[0]
        told = json.loads(openssl.stdout)
        assert told["certificates"] == {each.digest: "valid" for each in certificates}
        assert told["made_at"] == "2027-10-05T18:00:00+00:00"
        assert told["good_until"] == "2027-10-12T18:00:00+00:00"
        assert told["seals"] == {
            sealing.current().fingerprint: {"in_use_since": "2027-10-05T18:00:00+00:00", "lost_at": None}
        }
        assert set(told) == {"form", "publisher", "site", "made_at", "good_until", "seals", "certificates"}
        (tmp_path / "roots.pem").write_bytes(root_of(new_seal()))
        assert subprocess.run(command.split(), cwd=tmp_path, capture_output=True).returncode != 0

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda signed: signed[:-1], "cannot be relied on"),
            (lambda signed: signed.replace(b'"valid"', b'"Valid"', 1), "cannot be relied on"),
            (lambda signed: signed + b"\n", "cannot be relied on"),
            (lambda signed: b"", "cannot be relied on"),
        ],
    )
    def test_a_changed_one_is_refused(self, client, certificates, change, says):
        signed = bytes(status_list.make(now=AFTER).signed)
        with pytest.raises(NotThisList, match=says):
            status_list.read(change(signed), published(client))

    def test_one_of_somebody_else_is_refused(self, certificates):
        signed = bytes(status_list.make(now=AFTER).signed)
        with pytest.raises(NotThisList, match="none of the published seals"):
            status_list.read(signed, only(new_seal()))

    @pytest.mark.parametrize("content", [b"hello", b"[]", b"{}", b"1", b'{"form": "another"}'])
    def test_what_is_signed_and_no_list_is_refused(self, content):
        seal = new_seal()
        with pytest.raises(NotThisList, match="no status list"):
            status_list.read(seal.around(content, now=AFTER), only(seal))

    def test_another_certificate_under_the_same_root_makes_no_list(self):
        authority = Authority()
        seal, other = authority.seal("Department of Education"), authority.seal("Department of Education")
        ours = Published((seal.fingerprint,), (authority.root,))
        assert status_list.read(forged_list(seal), ours).states == {"0": "valid"}
        with pytest.raises(NotThisList, match="none of the published seals"):
            status_list.read(forged_list(other), ours)

    def test_a_seal_that_was_replaced_makes_no_list(self):
        old, new = new_seal(), new_seal()
        ours = Published((new.fingerprint, old.fingerprint), (root_of(new), root_of(old)))
        assert status_list.read(forged_list(new), ours).states == {"0": "valid"}
        with pytest.raises(NotThisList, match="signed with a seal that was in use before"):
            status_list.read(forged_list(old), ours)

    def test_a_key_whose_certificate_has_ended_makes_no_list_of_today(self):
        ended = new_seal(years=1, now=AFTER - timedelta(days=1000))
        then = AFTER - timedelta(days=900)
        assert status_list.read(forged_list(ended, made_at=then, signed_at=then), only(ended)).made_at == then
        with pytest.raises(NotThisList, match="no status list"):  # signed “then”, made today
            status_list.read(forged_list(ended, signed_at=then), only(ended))
        with pytest.raises(NotThisList, match="none of the published seals"):
            status_list.read(forged_list(ended), only(ended))


def forged_list(seal: Seal, *, made_at: datetime = AFTER, signed_at: datetime = AFTER) -> bytes:
    told = {
        "form": status_list.FORM,
        "made_at": made_at.isoformat(),
        "good_until": (made_at + timedelta(days=7)).isoformat(),
        "seals": {},
        "certificates": {"0": "valid"},
    }
    return seal.around(json.dumps(told).encode(), now=signed_at)


LOST = reverse_lazy("admin:certificates_sealcertificate_changelist")


def chosen(*seals: SealCertificate) -> dict[str, Any]:
    return {"action": "record_as_lost", "_selected_action": [seal.pk for seal in seals]}


class TestLost:
    """The key of a seal is in the hands of somebody else."""

    @pytest.fixture
    def lost(self, certificates, superintendent) -> SealCertificate:
        status_list.make(now=AFTER)
        seal = kept(sealing.current(), AFTER)
        [lost] = lost_seals.record(seals=[seal], by=superintendent, reason=" A  stolen\nlaptop ", now=LATER)
        return lost

    def test_it_is_recorded_once_with_its_reason(self, lost, superintendent, outsider):
        assert (lost.lost_at, lost.lost_by, lost.lost_reason) == (LATER, superintendent, "A stolen laptop")
        next_day = LATER + timedelta(days=1)
        assert lost_seals.record(seals=[lost], by=outsider, reason="Another", now=next_day) == []
        lost.refresh_from_db()
        assert (lost.lost_at, lost.lost_by, lost.lost_reason) == (LATER, superintendent, "A stolen laptop")
        [event] = AuditEvent.objects.filter(action="seal.lost")
        assert (event.actor, event.payload.data["seal"]) == (superintendent, lost.fingerprint)

    @pytest.mark.parametrize("reason", ["", " \n", "x" * 501])
    def test_it_needs_a_reason(self, certificates, superintendent, reason):
        seal = kept(sealing.current(), AFTER)
        with pytest.raises(lost_seals.NoReason, match="Say how the key was lost"):
            lost_seals.record(seals=[seal], by=superintendent, reason=reason, now=LATER)
        assert not AuditEvent.objects.filter(action="seal.lost").exists()

    def test_nothing_more_is_sealed_with_it_nor_listed(self, lost, caplog):
        with pytest.raises(NoSealKey, match="was lost to somebody else"):
            kept(sealing.current(), LATER)
        assert status_list.do_due(now=LATER) == 0
        assert "No new status list: The key of the seal was lost" in caplog.text

    def test_its_lists_count_no_more(self, client, lost):
        with pytest.raises(ValueError, match="BEGIN"):
            published(client)
        signed = bytes(StatusList.objects.get().signed)
        kept(new_seal(), LATER)
        with pytest.raises(NotThisList):
            status_list.read(signed, published(client))

    def test_its_list_is_handed_out_no_more(self, client, lost):
        """Whoever has an old root would believe it."""
        assert client.get(reverse("verify_status")).status_code == 404
        assert reverse("verify_status") not in client.get(reverse("verify")).content.decode()

    def test_the_next_seal_makes_a_list_at_once_that_says_so(self, client, lost, certificates, another_key):
        assert status_list.do_due(now=LATER) == 1
        assert status_list.do_due(now=LATER) == 0
        ours = published(client)
        assert ours.seals == (sealing.current().fingerprint,)
        listed = status_list.read(client.get(reverse("verify_status")).content, ours)
        assert listed.lost == {lost.fingerprint: LATER}
        assert listed.states == {each.digest: "valid" for each in certificates}

    def test_an_administrator_records_it_with_a_reason(self, client, certificates, administrator):
        seal = kept(sealing.current(), AFTER)
        client.force_login(administrator)
        address = reverse("admin:certificates_sealcertificate_changelist")
        chosen = {"action": "record_as_lost", "_selected_action": [seal.pk]}
        asked = client.post(address, chosen)
        assert "It cannot be taken back" in asked.content.decode()
        again = client.post(address, chosen | {"reason": " "}, follow=True)
        assert "Say how the key was lost" in again.content.decode()
        seal.refresh_from_db()
        assert seal.lost_at is None
        done = client.post(address, chosen | {"reason": "Stolen"}, follow=True)
        assert "Recorded as lost. Set up a new key of the seal now." in done.content.decode()
        seal.refresh_from_db()
        assert (seal.lost_by, seal.lost_reason) == (administrator, "Stolen")

    def test_a_reason_that_is_refused_is_still_there(self, client, certificates, administrator):
        seal = kept(sealing.current(), AFTER)
        client.force_login(administrator)
        page = client.post(LOST, chosen(seal) | {"reason": "x" * 501}).content.decode()
        assert "Say how the key was lost" in page
        assert f'value="{"x" * 501}"' in page

    def test_a_second_time_says_who_recorded_it_and_asks_nothing(self, client, lost, administrator):
        client.force_login(administrator)
        for sent in (chosen(lost), chosen(lost) | {"reason": "Another"}):
            page = client.post(LOST, sent, follow=True).content.decode()
            assert (
                "was recorded as lost on October 7, 2027 by Sofia Superintendent, which stays as it is: "
                "A stolen laptop" in page
            )
            assert "How was the key lost?" not in page
            assert "Recorded as lost." not in page

    def test_of_several_it_asks_about_those_that_are_not_recorded(self, client, lost, administrator):
        other = kept(new_seal("Department, after"), LATER)
        client.force_login(administrator)
        page = client.post(LOST, chosen(lost, other)).content.decode()
        assert f"SHA-256 {other.fingerprint[:32]}<wbr>" in page
        assert f"SHA-256 {lost.fingerprint[:32]}<wbr>" not in page
        done = client.post(LOST, chosen(lost, other) | {"reason": "A fire"}, follow=True).content.decode()
        assert "Recorded as lost. Set up a new key of the seal now." in done
        assert set(SealCertificate.objects.values_list("lost_reason", flat=True)) == {
            "A stolen laptop",
            "A fire",
        }

    def test_of_several_all_are_recorded_or_none(self, certificates, superintendent, monkeypatch):
        seals = [kept(sealing.current(), AFTER), kept(new_seal(), AFTER)]
        done = iter([None])
        monkeypatch.setattr(audit, "record", lambda *args, **data: next(done))
        with pytest.raises(StopIteration):
            lost_seals.record(seals=seals, by=superintendent, reason="A fire", now=LATER)
        assert not SealCertificate.objects.exclude(lost_at=None).exists()


class TestSeals:
    def test_that_of_the_list_comes_first_then_the_newest_each_with_its_root(self, client, certificates):
        old, new = new_seal("Department, before"), new_seal("Department, after")
        kept(old, AFTER - timedelta(days=9))
        status_list.make(now=AFTER)
        kept(new, LATER)
        ours = published(client)
        assert ours.seals == (sealing.current().fingerprint, new.fingerprint, old.fingerprint)
        assert len(ours.roots) == 3
        answer = client.get(reverse("verify_seals"))
        assert (answer["Content-Type"], answer["Cache-Control"]) == (
            "application/x-pem-file",
            "public, max-age=60",
        )
        text = answer.content.decode()
        assert (
            f"# Seal of the Department, after, in use since 2027-10-07\n# SHA-256 {new.fingerprint}" in text
        )
        assert "PRIVATE KEY" not in text

    def test_days_are_those_of_the_site(self, client, certificates, superintendent):
        seal, evening = kept(new_seal(), AFTER), datetime(2027, 10, 8, 3, 0, tzinfo=UTC)
        lost_seals.record(seals=[seal], by=superintendent, reason="Stolen", now=evening)
        assert "lost to somebody else on 2027-10-07" in client.get(reverse("verify_seals")).content.decode()

    def test_a_lost_one_is_there_by_name_alone(self, client, certificates, superintendent):
        seal = kept(sealing.current(), AFTER)
        other = kept(new_seal(), AFTER)
        lost_seals.record(seals=[other], by=superintendent, reason="Stolen", now=LATER)
        assert published(client).seals == (seal.fingerprint,)
        text = client.get(reverse("verify_seals")).content.decode()
        assert f"lost to somebody else on 2027-10-07\n# SHA-256 {other.fingerprint}" in text

    @pytest.mark.parametrize(
        "pem", [b"", b"# No certificate was sealed yet.\n", b"hello", b"\x00\xff", root_of(new_seal())]
    )
    def test_another_file_is_known_as_such(self, pem):
        with pytest.raises(ValueError, match=r"BEGIN|certificate of a seal"):
            seal_check.published(pem)

    def test_none_yet(self, client, db):
        assert client.get(reverse("verify_seals")).content == b"# No certificate was sealed yet.\n"


class TestRoots:
    def test_all_that_were_ever_used_stay_the_newest_first(self, client, certificates, another_key):
        old, new = new_seal("Department, before"), new_seal("Department, after")
        kept(old, AFTER)
        kept(new, LATER)
        answer = client.get(reverse("verify_roots"))
        assert answer["Content-Type"] == "application/x-pem-file"
        text = answer.content.decode()
        assert text.count("BEGIN CERTIFICATE") == 2
        assert "in use since 2027-10-07" in text
        assert new.root_fingerprint in text
        assert text.index("Department, after") < text.index("Department, before")
        assert root_of(old).decode().strip() in text

    def test_one_that_vouches_for_lost_seals_alone_is_there_by_name(
        self, client, certificates, superintendent
    ):
        """Whoever trusts all of these would take for ours whatever is sealed with the lost key."""
        lost, kept_safe = kept(new_seal(), AFTER), kept(new_seal(), AFTER)
        lost_seals.record(seals=[lost], by=superintendent, reason="Stolen", now=LATER)
        text = client.get(reverse("verify_roots")).content.decode()
        assert lost.root.decode().strip() not in text
        assert f"# SHA-256 {lost.root_fingerprint}\n# Left out: " in text
        assert kept_safe.root.decode().strip() in text

    def test_one_that_vouches_for_others_too_names_the_lost(self, client, certificates, superintendent):
        authority = Authority()
        lost, other = (kept(authority.seal("Department"), AFTER) for _ in range(2))
        lost_seals.record(seals=[lost], by=superintendent, reason="Stolen", now=LATER)
        text = client.get(reverse("verify_roots")).content.decode()
        assert other.root.decode().strip() in text
        assert f"# Vouches for a lost seal too, which is not to be relied on: {lost.fingerprint}\n" in text

    def test_where_every_seal_was_lost_none_is_there(self, client, certificates, superintendent):
        kept(sealing.current(), AFTER)
        lost_seals.record(seals=SealCertificate.objects.all(), by=superintendent, reason="Fire", now=LATER)
        assert "BEGIN" not in client.get(reverse("verify_roots")).content.decode()

    def test_the_key_is_never_among_them(self, client, certificates):
        status_list.make(now=AFTER)
        assert "PRIVATE KEY" not in client.get(reverse("verify_roots")).content.decode()

    def test_none_yet(self, client, db):
        assert client.get(reverse("verify_roots")).content == b"# No certificate was sealed yet.\n"

    def test_after_a_rotation_the_list_verifies_with_the_new_root_before_a_certificate_does(
        self, client, certificates, another_key
    ):
        status_list.make(now=AFTER)
        assert len(states(client)) == Certificate.objects.count()
