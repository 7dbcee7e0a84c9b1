"""What is published for those who verify without this site: all roots, and a signed list of how the files stand."""

import json
import subprocess
from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from certificates import lost_seals, seal_check, sealing, status_list
from certificates.issuing import kept
from certificates.models import Certificate, SealCertificate, StatusList
from certificates.replacing import reissue, revoke
from certificates.seal_check import Published
from certificates.seal_keys import NoSealKey
from certificates.sealing import CannotSeal, Seal
from certificates.status_list import NotThisList
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
        assert "No status list: The key of the seal does not open." in caplog.text

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


class TestLost:
    """The key of a seal is in the hands of somebody else."""

    @pytest.fixture
    def lost(self, certificates, superintendent) -> SealCertificate:
        status_list.make(now=AFTER)
        seal = kept(sealing.current(), AFTER)
        return lost_seals.record(seal=seal, by=superintendent, reason=" A  stolen\nlaptop ", now=LATER)

    def test_it_is_recorded_once_with_its_reason(self, lost, superintendent, outsider):
        assert (lost.lost_at, lost.lost_by, lost.lost_reason) == (LATER, superintendent, "A stolen laptop")
        again = lost_seals.record(seal=lost, by=outsider, reason="Another", now=LATER + timedelta(days=1))
        assert (again.lost_at, again.lost_by, again.lost_reason) == (
            LATER,
            superintendent,
            "A stolen laptop",
        )
        [event] = AuditEvent.objects.filter(action="seal.lost")
        assert (event.actor, event.payload.data["seal"]) == (superintendent, lost.fingerprint)

    @pytest.mark.parametrize("reason", ["", " \n", "x" * 501])
    def test_it_needs_a_reason(self, certificates, superintendent, reason):
        seal = kept(sealing.current(), AFTER)
        with pytest.raises(lost_seals.NoReason, match="Say how the key was lost"):
            lost_seals.record(seal=seal, by=superintendent, reason=reason, now=LATER)
        assert not AuditEvent.objects.filter(action="seal.lost").exists()

    def test_nothing_more_is_sealed_with_it_nor_listed(self, lost, caplog):
        with pytest.raises(NoSealKey, match="was lost to somebody else"):
            kept(sealing.current(), LATER)
        assert status_list.do_due(now=LATER) == 0
        assert "No status list: The key of the seal was lost" in caplog.text

    def test_its_lists_count_no_more(self, client, lost):
        with pytest.raises(ValueError, match="BEGIN"):
            published(client)
        kept(new_seal(), LATER)
        with pytest.raises(NotThisList):
            states(client)

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

    def test_a_lost_one_is_there_by_name_alone(self, client, certificates, superintendent):
        seal = kept(sealing.current(), AFTER)
        other = kept(new_seal(), AFTER)
        lost_seals.record(seal=other, by=superintendent, reason="Stolen", now=LATER)
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
