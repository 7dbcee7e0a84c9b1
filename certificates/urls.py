"""Addresses of this app: rooms under /certificates/, and the public /verify/."""

from django.urls import path

from certificates.views import (
    approval,
    bundle,
    ceremony,
    holder,
    office,
    paper,
    publish,
    register,
    samples,
    verify,
)

urlpatterns = [
    path("certificates/", holder.index, name="certificates"),
    path("certificates/<int:pk>/", holder.certificate, name="certificate"),
    path("certificates/<int:pk>/download/", holder.download, name="certificate_download"),
    path("certificates/<int:pk>/reissue/", office.reissue, name="certificate_reissue"),
    path("certificates/<int:pk>/revoke/", office.revoke, name="certificate_revoke"),
    path("certificates/register/", register.show, name="certificate_register"),
    path("certificates/register.csv", register.file, name="certificate_register_file"),
    path("certificates/cohorts/<int:pk>/", office.completion, name="certificate_completion"),
    path("certificates/cohorts/<int:pk>/propose/", office.propose, name="certificate_propose"),
    path("certificates/cohorts/<int:pk>/ceremony/", ceremony.show, name="certificate_ceremony"),
    path("certificates/cohorts/<int:pk>/ceremony.csv", ceremony.file, name="certificate_ceremony_file"),
    path("certificates/cohorts/<int:pk>/files/", bundle.of_cohort, name="certificate_files_of_cohort"),
    path("certificates/batches/<int:pk>/files/", bundle.of_batch, name="certificate_files"),
    path("certificates/batches/<int:pk>/", approval.batch, name="certificate_batch"),
    path("certificates/batches/<int:pk>/signing/", office.signing, name="certificate_signing"),
    path("certificates/batches/<int:pk>/submit/", office.submit, name="certificate_submit"),
    path("certificates/batches/<int:pk>/samples/", samples.chosen, name="certificate_samples"),
    path("certificates/batches/<int:pk>/sample/", samples.sample, name="certificate_sample"),
    path(
        "certificates/batches/<int:pk>/sample/<int:entry_pk>/", samples.sample, name="certificate_sample_of"
    ),
    path(
        "certificates/batches/<int:pk>/new-list/<int:entry_pk>/",
        office.new_list,
        name="certificate_new_list",
    ),
    path("certificates/batches/<int:pk>/approve/", approval.approve, name="certificate_approve"),
    path("certificates/batches/<int:pk>/packet.pdf", paper.printed, name="certificate_packet"),
    path("certificates/batches/<int:pk>/signed/", paper.signed, name="certificate_signed"),
    path("certificates/batches/<int:pk>/scan/", paper.scan, name="certificate_scan"),
    path("certificates/batches/<int:pk>/take-back/", paper.taken_back, name="certificate_take_back"),
    path("certificates/batches/<int:pk>/return/", approval.send_back, name="certificate_return"),
    path("certificates/batches/<int:pk>/issue/", office.issue, name="certificate_issue"),
    path("certificates/name/", holder.name, name="certificate_name"),
    path("certificates/name/sample/", holder.name_sample, name="certificate_name_sample"),
    path("certificates/signature/", approval.signature, name="certificate_signature"),
    path("certificates/signature/remove/", approval.signature_removed, name="certificate_signature_remove"),
    path("certificates/signature/picture/", approval.signature_picture, name="certificate_signature_picture"),
    path("verify/", verify.verify, name="verify"),
    path("verify/roots.pem", publish.roots, name="verify_roots"),
    path("verify/seals.pem", publish.seals, name="verify_seals"),
    path("verify/status.p7m", publish.status, name="verify_status"),
    path("verify/<str:code>.json", verify.verify_json, name="verify_json"),
    path("verify/<str:code>", verify.verify_code, name="verify_code"),
]
