"""Who signs an application: the route as it would be fixed at submission, and who may act on a step today (A9)."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import Q, QuerySet

from applications.models import Application, Assigned, ProjectChange, ReviewStep
from coaching import offices
from coaching.errors import Refused
from coaching.models import Cohort, Delegation, OrgUnit, RouteStep, User


class NoSigner(Refused):
    """A post on the route has nobody who could sign; the branch office has to settle it first."""


@dataclass(frozen=True)
class Signer:
    """One step of a route with the person who will sign it, and why it is this person."""

    step: RouteStep
    signer: User
    unit: OrgUnit | None = None
    holder: User | None = None
    delegation: Delegation | None = None
    reason: str = ""

    @property
    def post(self) -> str:
        return post_title(self.step, self.unit)

    @property
    def line(self) -> str:
        """One line for the text that is signed and for the preview."""
        return f"{self.post}: {self.signer.name}" + (f" ({self.reason})" if self.reason else "")


def post_title(step: RouteStep, unit: OrgUnit | None) -> str:
    """The post as people say it: "Division Director, Nutrition Division"."""
    return post_named(step.office, step.title, unit.kind if unit else None, unit.name if unit else None)


def post_named(office: str, title: str, kind: str | None, unit: str | None) -> str:
    """Of a step of the route for this office; `kind` and name of the unit, where the post is the head of one."""
    if office == RouteStep.Office.SUPERVISOR or kind is None:
        return title
    if kind != KIND_OF_OFFICE[office]:
        return f"{OrgUnit.HEAD_TITLES[kind]}, {unit}, in place of the {title}"
    return f"{title}, {unit}"


KIND_OF_OFFICE: dict[str, str] = {
    RouteStep.Office.DIRECTOR: OrgUnit.Kind.DIVISION,
    RouteStep.Office.DEPUTY: OrgUnit.Kind.BRANCH,
}


def route_for(applicant: User, cohort: Cohort, *, on: date) -> list[Signer]:
    """The named signers in their order. Raises NoSigner, naming the branch office's contact, when one is missing."""
    steps = cohort.program.route.all()
    if not steps:
        raise NoSigner(f"The {cohort} has no route of signatures yet. {_ask(cohort)}")
    return [_signer(step, applicant, cohort, on) for step in steps]


def who_signs_once(route: Sequence[Signer]) -> list[str]:
    """A9: one person who holds several posts in a row signs once for all; a sentence for each."""
    found = []
    for _, together in groupby(route, key=lambda each: each.signer.pk):
        rows = list(together)
        if len(rows) > 1:
            posts = " and ".join(f"as {each.post}" for each in rows)
            found.append(f"{rows[0].signer} signs once, {posts}.")
    return found


def concurring_step(cohort: Cohort) -> RouteStep:
    """Whose concurrence a project takes (A8, A14): the division director's, or the first signer's where none is on the
    route. Raises NoSigner."""
    steps = list(cohort.program.route.all())
    directors = [step for step in steps if step.office == RouteStep.Office.DIRECTOR]
    for step in directors or steps:
        return step
    raise NoSigner(f"The {cohort} has no route of signatures yet. {_ask(cohort)}")


def concurring(applicant: User, cohort: Cohort, *, on: date) -> Signer:
    """Who concurs with a changed project today. Raises NoSigner."""
    return _signer(concurring_step(cohort), applicant, cohort, on)


def concept_partners(applicant: User, cohort: Cohort, *, on: date) -> list[Signer]:
    """With whom the project concept is discussed today (A3): supervisor and division director, as far as there are any."""
    partners = []
    for step in cohort.program.route.filter(
        office__in=[RouteStep.Office.SUPERVISOR, RouteStep.Office.DIRECTOR]
    ):
        with suppress(NoSigner):
            partners.append(_signer(step, applicant, cohort, on))
    return partners


def _signer(step: RouteStep, applicant: User, cohort: Cohort, on: date) -> Signer:
    if step.office == RouteStep.Office.SUPERVISOR:
        return _supervisor(step, applicant, cohort, on)
    if step.office == RouteStep.Office.DEPUTY:
        return _head(step, cohort.branch, applicant, cohort, on)
    division = applicant.division
    if division is None:
        return _head(
            step, cohort.branch, applicant, cohort, on, because="The applicant belongs to no division."
        )
    return _head(step, division, applicant, cohort, on)


def _supervisor(step: RouteStep, applicant: User, cohort: Cohort, on: date) -> Signer:
    """The supervisor of the directory; whoever acts for them; for a vacant post, whoever acts in the unit."""
    supervisor, because = applicant.supervisor, ""
    seen = {applicant.pk}
    while supervisor is not None and supervisor.is_active and supervisor.pk not in seen:
        unit = _post_of(supervisor, applicant)
        order = _absence_order(supervisor, unit, on)
        if order is None:
            return Signer(step, supervisor, unit, reason=because)
        if order.person_id != applicant.pk:
            return Signer(step, order.person, unit, supervisor, order, _join(because, _acting(order)))
        because = f"The applicant acts for {supervisor}, so the next higher supervisor signs."
        seen.add(supervisor.pk)
        supervisor = supervisor.supervisor
    order = offices.acting_head(applicant.unit, on=on) if applicant.unit else None
    if order and order.person.is_active and applicant.pk not in (order.person_id, order.principal_id):
        return Signer(
            step, order.person, applicant.unit, order.principal, order, _join(because, _acting(order))
        )
    if because:
        raise NoSigner(f"{because} The directory names nobody above who could. {_ask(cohort)}")
    raise NoSigner(
        "The directory names no supervisor for you who could sign, and nobody acts in that post. "
        + _ask(cohort)
    )


def _post_of(person: User, applicant: User) -> OrgUnit | None:
    """The unit of the applicant's line that this person heads, so that orders for that post count here too."""
    unit = applicant.unit
    while unit is not None and unit.head_id != person.pk:
        unit = unit.parent
    return unit


def _head(
    step: RouteStep, unit: OrgUnit, applicant: User, cohort: Cohort, on: date, because: str = ""
) -> Signer:
    """The head of a unit or whoever acts in that post; where that is the applicant, the next higher head."""
    post: OrgUnit | None = unit
    while post is not None:
        order = _absence_order(post.head, post, on)
        if post.head_id == applicant.pk or (order and order.person_id == applicant.pk):
            because = _join(because, f"The applicant holds the post {post.head_title}, {post}.")
            post = post.parent
            continue
        if order:
            return Signer(step, order.person, post, post.head, order, _join(because, _acting(order)))
        if post.head and post.head.is_active:
            return Signer(step, post.head, post, reason=because)
        raise NoSigner(
            f"The post {post.head_title}, {post}, is vacant and nobody has been named to act in it. {_ask(cohort)}"
        )
    raise NoSigner(f"There is no higher office that could sign as {step.title}. {_ask(cohort)}")


def _absence_order(holder: User | None, unit: OrgUnit | None, on: date) -> Delegation | None:
    """The order that puts an acting person into this post today; one for everything its holder signs counts too."""
    covers = Q(pk__in=[])
    if unit:
        covers |= Q(unit=unit) & (Q(principal=None) | Q(principal=holder))
    if holder:
        covers |= Q(unit=None, principal=holder)
    orders = Delegation.objects.on(on).filter(covers, kind=Delegation.Kind.ACTING, person__is_active=True)
    return orders.order_by("-start_date", "-pk").first()  # mostly there is none, so nobody is fetched with it


def _acting(order: Delegation) -> str:
    whom = f"acting for {order.principal}" if order.principal else "acting in the vacant post"
    return f"{whom} from {order.start_date:%B %-d, %Y} to {order.end_date:%B %-d, %Y}: {order.reason}"


def _ask(cohort: Cohort) -> str:
    phone = f" or {cohort.contact_phone}" if cohort.contact_phone else ""
    contact = f"{cohort.contact_role}, {cohort.contact_email}{phone}"
    return f"Please ask the branch office ({contact}) to settle this; your answers are kept."


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Authority:
    """In which right somebody acts on a step: their own, as the acting person, or under an order for another."""

    on_behalf_of: User | None = None
    delegation: Delegation | None = None
    acting: bool = False
    assigned: bool = False  # by the branch office, in place of whom the route had named


def authority(step: Assigned, by: User, *, on: date) -> Authority | None:
    """The right under which this person may act on a step that day; None when they may not (A9).

    An acting person signs while the order lasts. Then, or before, the holder of the post signs. A delegate signs
    for whoever was fixed as the signer, and beside an acting person, or after them, for the holder of the post; one for
    a post alone, only what is signed in that post. The applicant never signs, and nobody signs on the applicant's behalf.
    """
    if by.pk == step.signed_for_id:
        return None
    order = step.delegation
    if order and step.holder_id == by.pk:
        return Authority()
    if order and not order.is_in_force(on):
        return _after_the_order(step, by, on) or _for_the_holder(step, by, on)
    if step.signer_id == by.pk:
        if order:
            return Authority(step.holder, order, acting=True)
        return Authority(step.holder, assigned=step.holder is not None)
    standing = _standing_for(by, step.signer, step, on)
    if standing:
        return Authority(step.signer, standing, acting=bool(order) or standing.kind == Delegation.Kind.ACTING)
    return _for_the_holder(step, by, on) if order else None


def _standing_for(by: User, principal: User, step: Assigned, on: date) -> Delegation | None:
    as_supervisor = step.route_step.office == RouteStep.Office.SUPERVISOR
    return offices.standing_for(by, principal, on=on, unit=step.unit, as_supervisor=as_supervisor)


def _for_the_holder(step: Assigned, by: User, on: date) -> Authority | None:
    """Somebody acts, or acted, in the post; the delegates of its holder, and of its head now, keep their right."""
    for principal in (step.holder, step.unit.head if step.unit else None):
        standing = _standing_for(by, principal, step, on) if principal else None
        if principal and standing and principal.pk != step.signed_for_id:
            return Authority(principal, standing, acting=standing.kind == Delegation.Kind.ACTING)
    return None


def with_whom(step: Assigned, *, on: date) -> User:
    """Whom it waits on that day: the signer or, once the order of an acting person has ended, the holder of the post.

    Asks nothing where the step was read `with_people`.
    """
    if step.delegation is None or step.delegation.is_in_force(on):
        return step.signer
    people = (step.holder, step.unit.head if step.unit else None)
    able = (person for person in people if person and person.is_active and person.pk != step.signed_for_id)
    return next(able, step.signer)


def _after_the_order(step: Assigned, by: User, on: date) -> Authority | None:
    """The acting order has ended: whoever holds the post now signs, or acts in it now."""
    if step.unit is None:
        return None
    if step.unit.head_id == by.pk:
        return Authority()
    orders = Delegation.objects.on(on).filter(unit=step.unit, kind=Delegation.Kind.ACTING, person=by)
    not_for_applicant = Q(principal=None) | ~Q(principal=step.signed_for_id)
    order = orders.filter(not_for_applicant).select_related("principal").first()
    return Authority(order.principal, order, acting=True) if order else None


Settled = list[tuple[ReviewStep, Authority]]


def steps_to_settle(application: Application, by: User, *, on: date) -> Settled:
    """What one act of this person settles now: the current step, and those that follow with the same signer (A9).

    Empty when the application does not wait on them.
    """
    if application.status != Application.Status.IN_REVIEW:
        return []
    pending = application.review_steps.current_round().filter(status=ReviewStep.Status.PENDING)
    return settled_by(pending.with_signers().select_related("application").in_order(), by, on=on)


Rights = dict[tuple[object, ...], Authority | None]


def settled_by(pending: Iterable[ReviewStep], by: User, *, on: date, known: Rights | None = None) -> Settled:
    """Of the steps of one application that are still to be signed, in their order, what this person settles now.

    `known` keeps rights for many applications: most are assigned to the same person in the same way.
    """
    rights: Rights = {} if known is None else known
    settled: Settled = []
    for step in pending:
        assigned = _assignment(step, by)
        if assigned not in rights:
            rights[assigned] = authority(step, by, on=on)
        right = rights[assigned]
        if right is None or (settled and not _together(settled[0], (step, right))):
            break
        settled.append((step, right))
    return settled


def _together(first: tuple[ReviewStep, Authority], other: tuple[ReviewStep, Authority]) -> bool:
    """Whether one signature counts for both: whoever was given a step in another's place signs it by itself."""
    assigned = first[1].assigned or other[1].assigned
    return first[0].signer_id == other[0].signer_id and not assigned


def decides(settled: Settled) -> bool:
    """Whether what is settled ends with the decision."""
    return any(step.route_step.decides for step, _ in settled)


def steps_to_decide(application: Application, by: User, *, on: date) -> Settled:
    """What this person settles by deciding now: what waits on them, or the deciding step of a waitlisted one."""
    if application.status != Application.Status.WAITLISTED:
        settled = steps_to_settle(application, by, on=on)
        return settled if decides(settled) else []
    for step in application.route().select_related("application").filter(route_step__decides=True):
        right = authority(step, by, on=on)
        return [(step, right)] if right else []
    return []


def steps_of(applications: "Iterable[Application] | QuerySet[Application]") -> "QuerySet[ReviewStep]":
    """What is still to be signed or decided about these, each one's steps in their order."""
    steps = ReviewStep.objects.to_settle().with_people().filter(application__in=applications)
    return steps.select_related("application").order_by("application", "position")


def all_to_settle(steps: Iterable[ReviewStep], by: User, *, on: date) -> dict[int, Settled]:
    """Of steps_of(applications), by application: what this person settles by signing or deciding now.

    In a constant number of queries, however many they are.
    """
    known: Rights = {}
    groups = groupby(steps, key=lambda step: step.application_id)
    found = {pk: settled_by(group, by, on=on, known=known) for pk, group in groups}
    return {pk: settled for pk, settled in found.items() if settled}


def all_to_decide(
    applications: "Iterable[Application] | QuerySet[Application]", by: User, *, on: date
) -> dict[int, Settled]:
    """Like steps_to_decide, for many: by application, those left out it is empty for."""
    found = all_to_settle(steps_of(applications), by, on=on)
    return {pk: settled for pk, settled in found.items() if decides(settled)}


def _assignment(step: ReviewStep, by: User) -> tuple[object, ...]:
    """All that the right to act on a step hangs on: of the applicant, only where an order or they themselves are in it."""
    applicant = step.signed_for_id if step.delegation_id or step.signed_for_id == by.pk else None
    return (applicant, step.signer_id, step.holder_id, step.delegation_id, step.unit_id, step.office)


def capacity(step: ReviewStep | ProjectChange, right: Authority) -> str:
    """How the signature names the office: "Acting Division Director, Nutrition Division"."""
    title = post_title(step.route_step, step.unit)
    if right.assigned:
        return f"{title}, as assigned by the branch office"
    return f"Acting {title}" if right.acting else title


def expected_signers(step: Assigned, *, on: date) -> list[User]:
    """Everybody who could act on a step today: for mail, so that no absence makes an application wait unseen."""
    candidates = [step.signer, step.holder, step.unit.head if step.unit else None]
    principals = [person for person in candidates if person]
    orders = Delegation.objects.on(on).filter(
        Q(principal__in=principals) & (Q(unit=None) | Q(unit=step.unit))
        | Q(unit=step.unit, unit__isnull=False)
    )
    candidates += [order.person for order in orders.select_related("person")]
    people = {person.pk: person for person in candidates if person and person.is_active}
    return [person for person in people.values() if authority(step, person, on=on)]
