"""Where an issue can be stopped, in the order in which it comes there: what is about to happen, and who calls it."""

from certificates import issuing
from certificates.models import CertificateFile
from coaching import audit, enrollment, jobs, outbox

CHECKPOINTS: dict[str, tuple[object, str]] = {
    "before anything of this one": (jobs.Progress, "report"),
    "before it has a number": (issuing, "next_serial"),
    "before it is drawn": (issuing, "file_of"),
    "drawn, before it is looked at again": (issuing, "_held_still"),
    "in the transaction, before the register": (issuing, "register"),
    "in the register, before its file": (CertificateFile.objects, "create"),
    "with its file, before the mail": (outbox, "queue"),
    "before its holder has completed": (enrollment, "complete"),
    "before the trail": (audit, "record"),
}
