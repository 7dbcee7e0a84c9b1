"""What is published for those who verify without this site: all roots, and a signed list of how the files stand."""

import json
import subprocess
from datetime import timedelta

import pytest
from django.urls import reverse

from certificates import status_list
from certificates.issuing import kept
from certificates.models import Certificate, SealCertificate, StatusList
from certificates.replacing import reissue, revoke
from certificates.status_list import NotThisList
from coaching.site import due
from tests.certificates.history import AFTER
from tests.certificates.seals import made, new_seal, root_of

LATER = AFTER + timedelta(days=2)


def states(client) -> dict[str, str]:
    """As a stranger reads them, with nothing but what is published."""
    roots = client.get(reverse("verify_roots")).content
    return dict(status_list.read(client.get(reverse("verify_status")).content, [roots]).states)


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

    def test_it_is_among_what_time_brings_about(self, certificates):
        due.send_due(now=AFTER)
        assert StatusList.objects.get().counts == {"valid": 3}

    def test_nothing_is_made_twice_where_two_workers_make_it(self, certificates):
        status_list.make(now=AFTER)
        status_list.make(now=AFTER)
        assert StatusList.objects.count() == SealCertificate.objects.count() == 1

    def test_it_names_files_by_digest_alone(self, certificates):
        content = bytes(status_list.make(now=AFTER).signed)
        for each in certificates:
            assert each.digest.encode() in content
            for secret in (each.code, each.serial, *each.claims["name"].split()):
                assert secret.encode() not in content
        listed = status_list.read(content, [seal.root for seal in SealCertificate.objects.all()])
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
        """docs/operations.md names this command."""
        status_list.make(now=AFTER)
        for name in ("roots.pem", "status.p7m"):
            (tmp_path / name).write_bytes(client.get(f"/verify/{name}").content)
        command = (
            "openssl cms -verify -inform DER -in status.p7m -CAfile roots.pem -purpose any -no_check_time"
        )
        openssl = subprocess.run(command.split(), cwd=tmp_path, capture_output=True)
        assert openssl.returncode == 0, openssl.stderr
        told = json.loads(openssl.stdout)
        assert told["certificates"] == {each.digest: "valid" for each in certificates}
        assert told["made_at"] == "2027-10-05T18:00:00+00:00"
        assert set(told) == {"form", "publisher", "site", "made_at", "certificates"}
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
            status_list.read(change(signed), [client.get(reverse("verify_roots")).content])

    def test_one_of_somebody_else_is_refused(self, certificates):
        signed = bytes(status_list.make(now=AFTER).signed)
        with pytest.raises(NotThisList, match="none of these root certificates"):
            status_list.read(signed, [root_of(new_seal())])

    @pytest.mark.parametrize("content", [b"hello", b"[]", b"{}", b'{"form": "another"}'])
    def test_what_is_signed_and_no_list_is_refused(self, content):
        seal = new_seal()
        with pytest.raises(NotThisList, match="no status list"):
            status_list.read(seal.around(content, now=AFTER), [root_of(seal)])


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
