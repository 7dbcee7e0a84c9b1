"""issue_certificates and export_certificates."""

import csv
import hashlib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from certificates.approval import propose_batch, submit_for_approval
from certificates.models import Certificate, CertificateFile
from meetings.models import EvaluationReceipt
from tests import factories
from tests.certificates.history import AFTER, approve, completed_team


def run(*arguments) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_issue_is_safe_to_run_again(approved):
    assert run("issue_certificates", approved.cohort_id) == (
        f"Batch {approved.pk}: 3 issued, 0 issued before, 0 not issued.\n"
    )
    assert run("issue_certificates", approved.cohort_id) == (
        f"Batch {approved.pk}: 0 issued, 3 issued before, 0 not issued.\n"
    )


def test_issue_names_who_gets_none_and_why(approved, members):
    EvaluationReceipt.objects.filter(participant=members[1]).first().delete()
    assert run("issue_certificates", approved.cohort_id).splitlines() == [
        f"Batch {approved.pk}: 2 issued, 0 issued before, 1 not issued.",
        f"  Ben Brooks ({members[1].pk}): 1 evaluation to fill in.",
    ]


def test_a_list_that_changed_since_keeps_no_other_from_being_issued(
    approved, members, cohort, branch_officer, superintendent
):
    """C3"""
    completed_team(cohort, ["Eli East", "Fay Fox", "Gus Green"], by=branch_officer)
    later = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
    later = approve(submit_for_approval(batch=later, by=branch_officer, now=AFTER), superintendent)
    approved.entries.filter(participant=members[0]).update(name="Ada Other")
    with pytest.raises(CommandError, match=f"^Batch {approved.pk}: Something on this list has changed"):
        run("issue_certificates", approved.cohort_id)
    assert (approved.certificates.count(), later.certificates.count()) == (0, 3)


def test_issue_without_an_approved_list_is_refused(submitted):
    with pytest.raises(CommandError, match="No list of this cohort is approved"):
        run("issue_certificates", submitted.cohort_id)


@pytest.mark.parametrize("command", [("issue_certificates", 999), ("export_certificates", 999, "x")])
def test_an_unknown_cohort_is_refused(db, command):
    with pytest.raises(CommandError, match="There is no cohort 999"):
        run(*command)


def test_export_writes_the_issued_bytes_and_a_register(certificate, tmp_path):
    folder = tmp_path / "deep" / "out"
    assert (
        run("export_certificates", str(certificate.batch.cohort_id), str(folder))
        == f"3 certificates in {folder}.\n"
    )
    files = sorted(path.name for path in folder.iterdir())
    serials = sorted(Certificate.objects.values_list("serial", flat=True))
    assert files == [*(f"{serial}.pdf" for serial in serials), "register.csv"]
    with (folder / "register.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["serial"] for row in rows] == serials
    for row in rows:
        assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha256"]
        assert (row["status"], row["issued"]) == ("valid", "2027-10-05")


def test_export_of_all_and_of_one_cohort(certificate, program, branch, tmp_path):
    other = factories.cohort(program, branch)
    assert run("export_certificates", "--all", str(tmp_path / "all")).startswith("3 certificates")
    assert run("export_certificates", str(other.pk), str(tmp_path / "one")).startswith("0 certificates")


def test_export_again_into_the_same_folder_changes_nothing(certificate, tmp_path):
    run("export_certificates", "--all", str(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    run("export_certificates", "--all", str(tmp_path))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_export_writes_over_nothing_else(certificate, tmp_path):
    path = tmp_path / f"{certificate.serial}.pdf"
    path.write_bytes(b"something else")
    with pytest.raises(CommandError, match="is there already and differs"):
        run("export_certificates", "--all", str(tmp_path))
    assert path.read_bytes() == b"something else"


def test_export_stops_at_a_stored_file_that_was_changed(certificate, tmp_path):
    CertificateFile.objects.filter(pk=certificate.pk).update(pdf=b"%PDF-changed")
    with pytest.raises(CommandError, match="does not match the register"):
        run("export_certificates", "--all", str(tmp_path))


def test_export_needs_a_cohort_or_all_not_both(certificate, tmp_path):
    with pytest.raises(CommandError):
        run("export_certificates", str(tmp_path))
    with pytest.raises(CommandError):
        run("export_certificates", "1", "--all", str(tmp_path))


def test_export_into_a_file_is_refused(certificate, tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(CommandError, match="Cannot write"):
        run("export_certificates", "--all", str(path))
