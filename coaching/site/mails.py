"""The kinds of mail that people, delegations and accounts give rise to."""

from coaching import invitations, outbox
from coaching import second_factor as second_step
from coaching.models import Delegation, DirectoryCorrection, User
from coaching.outbox import Mail, render_mail
from coaching.site import accounts, second_factor


def register() -> None:
    outbox.register(invitations.KIND, accounts.invitation)
    outbox.register(accounts.RESET, accounts.reset)
    outbox.register("correction_reported", correction_reported)
    outbox.register("correction_settled", correction_settled)
    outbox.register("delegation_recorded", delegation_recorded)
    outbox.register("delegation_ended", delegation_ended)
    outbox.register(second_step.TAKEN_AWAY, second_factor.taken_away)
    for what in second_factor.SENTENCES:
        outbox.register(what, second_factor.changed(what))


def _correction(pk: int) -> DirectoryCorrection | None:
    return DirectoryCorrection.objects.select_related("user", "settled_by").filter(pk=pk).first()


def correction_reported(recipient: User, correction: int) -> Mail | None:
    row = _correction(correction)
    if row is None or row.status != DirectoryCorrection.Status.OPEN:
        return None
    return render_mail(
        "mail/correction_reported.txt",
        {
            "person": recipient,
            "correction": row,
        },
    )


def correction_settled(recipient: User, correction: int) -> Mail | None:
    row = _correction(correction)
    if row is None or row.status == DirectoryCorrection.Status.OPEN:
        return None
    confirmed = row.status == DirectoryCorrection.Status.CONFIRMED
    return render_mail(
        "mail/correction_settled.txt",
        {
            "person": recipient,
            "correction": row,
            "confirmed": confirmed,
        },
    )


def _order(pk: int) -> Delegation | None:
    orders = Delegation.objects.select_related("principal", "person", "unit", "recorded_by", "ended_by")
    return orders.filter(pk=pk).first()


def delegation_recorded(recipient: User, delegation: int) -> Mail | None:
    order = _order(delegation)
    if order is None or order.ended_at:
        return None
    return render_mail("mail/delegation_recorded.txt", {"person": recipient, "order": order})


def delegation_ended(recipient: User, delegation: int) -> Mail | None:
    order = _order(delegation)
    if order is None or not order.ended_at:
        return None
    return render_mail("mail/delegation_ended.txt", {"person": recipient, "order": order})
