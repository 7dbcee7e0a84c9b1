"""A whole department at work: a cast of every role, and an object of every kind in every state.

One branch is "ours"; the people of the cast work there or serve it. The other branch has the same things, and
nobody of the cast but its own officer has any business with them: those are labeled "foreign".
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import time_machine

from applications import (
    choosing,
    closing,
    on_paper,
    paper,
    project_changes,
    reminders,
    sharing,
    waitlist,
    workflow,
)
from applications.models import Application, Outcome
from certificates import approval, names
from certificates.models import SealCertificate, SignaturePicture, StatusList
from coaching import (
    audit,
    delegations,
    directory,
    enrollment,
    holds,
    jobs,
    pairings,
    staff_uploads,
    team_agreement,
    team_formation,
)
from coaching.enrollment import Project
from coaching.models import (
    CareerTrack,
    Cohort,
    Consent,
    Message,
    OrgUnit,
    Participant,
    Program,
    RetentionRun,
    RetentionTerm,
    RoleAssignment,
    Series,
    Team,
    User,
)
from coaching.site import reference
from coaching.site.reports.scopes import Scope
from coaching.team_jobs import KIND as JOB
from meetings import (
    agreement,
    attendance,
    busy,
    evaluations,
    feeds,
    inputs,
    invitations,
    laying_out,
    leading,
    mail,
    needs,
    notes,
    orders,
    project,
    resources,
    scheduling,
    visits,
    waivers,
)
from meetings.models import ActionItem, Attendance, Meeting, Note, Question
from tests import cast, factories
from tests.applications import factories as papers
from tests.applications.factories import A_SCAN
from tests.certificates.history import hold_meetings, registered
from tests.clock import NOW, TODAY
from tests.remembering import remembered

BEFORE = NOW - timedelta(days=220)  # when the teams were formed whose meetings are under way
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Thing:
    """An object with an address of its own; `owner` is the person it is about, if it is about one."""

    keys: dict[str, object]
    owner: User | None = None


@dataclass
class Branch:
    unit: OrgUnit
    division: OrgUnit
    field_unit: OrgUnit
    deputy: User
    director: User
    supervisor: User
    officer: User

    def person(self, name: str, **fields: object) -> User:
        return factories.person(name, unit=self.field_unit, supervisor=self.supervisor, **fields)


@dataclass
class World:
    program: Program
    ours: Branch
    foreign: Branch
    cast: dict[str, User] = field(default_factory=dict)
    things: dict[str, dict[str, Thing]] = field(default_factory=lambda: defaultdict(dict))
    secrets: dict[str, set[User]] = field(default_factory=dict)
    sealed: set[str] = field(default_factory=set)

    def secret(self, words: str, *readers: User, sealed: bool = True) -> str:
        """A text that nobody but these people may ever read, on any page; said in each branch in words of its own.

        `sealed`: it lies encrypted, and may stand nowhere in the database as it was written.
        """
        text = f"SECRET {words} {len(self.secrets)}."
        self.secrets[text] = set(readers)
        self.sealed |= {text} if sealed else set()
        return text

    def keep(
        self, kind: str, label: str, obj: object = None, owner: User | None = None, **keys: object
    ) -> None:
        """Remember an object under its kind and label; its keys are what its addresses take."""
        self.things[kind][label] = Thing(keys or {"pk": obj.pk}, owner)  # type: ignore[attr-defined]


@remembered
def build() -> World:
    """Build everything through the write functions, at the moment of the tests' clock."""
    cast.remove_all()
    program = reference.load(today=TODAY)
    superintendent = factories.person("Sofia Superintendent")
    department = factories.unit("department", "Department of Education", head=superintendent)
    world = World(program, _branch(department, "Services"), _branch(department, "Learning"))
    _cast(world, department, superintendent)
    for branch, where in ((world.ours, ""), (world.foreign, "foreign")):
        _open_cohort(world, branch, where)
        _forming_cohort(world, branch, where)
        _running_cohort(world, branch, where)
        _completed_cohort(world, branch, where)
        _people(world, branch, where)
    _records(world)
    _reports(world)
    world.keep("competency model", "ours", program.competency_model)
    world.keep("version to take", "ours", pk=program.competency_model_id, program_pk=program.pk)
    evaluations.close_evaluations(now=NOW)
    reminders.do_due(now=NOW + timedelta(days=10))
    audit.seal()
    return world


def _branch(department: OrgUnit, name: str) -> Branch:
    deputy, director = factories.person(f"{name} Deputy"), factories.person(f"{name} Director")
    unit = factories.unit("branch", f"{name} Branch", parent=department, head=deputy)
    division = factories.unit("division", f"{name} Division", parent=unit, head=director)
    field_unit = factories.unit("unit", f"{name} Field Unit", parent=division)
    supervisor = factories.person(f"{name} Supervisor", unit=field_unit, supervisor=director)
    User.objects.filter(pk=deputy.pk).update(unit=unit, supervisor=department.head)
    User.objects.filter(pk=director.pk).update(unit=division, supervisor=deputy)
    for each in (deputy, director):
        each.refresh_from_db()
    officer = factories.officer(unit, f"{name} Officer")
    return Branch(unit, division, field_unit, deputy, director, supervisor, officer)


def _cast(world: World, department: OrgUnit, superintendent: User) -> None:
    ours = world.ours
    training = RoleAssignment.Office.TRAINING_OFFICE
    world.cast = {
        "outsider": factories.person(
            "Otto Outsider",
            unit=ours.field_unit,
            classification=factories.classification("Analyst"),
            career_track=CareerTrack.objects.create(name="Programs"),
        ),
        "applicant": ours.person("Ana Applicant"),
        "asked": ours.person("Asa Asked"),
        "member": ours.person("Mia Member"),
        "other_member": ours.person("Ole Other"),
        "former_member": ours.person("Fay Former"),
        "graduate": ours.person("Gia Graduate"),
        "supervisor": ours.supervisor,
        "director": ours.director,
        "deputy": ours.deputy,
        "branch_officer": ours.officer,
        "training_officer": factories.officer(department, "Tia Training", office=training),
        "superintendent": superintendent,
        "administrator": factories.person("Ada Administrator", is_staff=True, is_superuser=True),
        "other_officer": world.foreign.officer,
    }


def _own(world: World, branch: Branch, role: str, name: str) -> User:
    """The one of the cast in our branch, somebody of the same kind in the other."""
    return world.cast[role] if branch is world.ours else branch.person(name)


# The cohort that takes applications: one in each state


def _open_cohort(world: World, branch: Branch, where: str) -> None:
    cohort = factories.cohort(world.program, branch.unit, by=branch.officer, name="2027")
    world.keep("cohort", where or "open", cohort)
    _on_paper(world, branch, cohort, where)
    drafter = _own(world, branch, "applicant", "Dora Draft")
    draft = papers.draft(drafter, cohort)
    _keep_application(world, where or "draft", draft)
    shared = sharing.share(application=draft, by=drafter, person=branch.supervisor, now=NOW)
    world.keep("draft share", where or "ours", owner=drafter, pk=draft.pk, share_pk=shared.pk)
    if where:
        _keep_application(world, "foreign in review", papers.submitted(branch.person("Fred Foreign"), cohort))
        return
    director, deputy = branch.director, branch.deputy

    def new(state: str) -> Application:
        application = papers.draft(branch.person(f"{state.title()} Applicant"), cohort)
        sharing.share(application=application, by=application.applicant, person=branch.supervisor, now=NOW)
        return papers.submit(application)

    made = {
        "with supervisor": new("one"),
        "with director": papers.sign(new("two"), branch.supervisor),
        "with deputy": papers.at_deputy(branch.person("Three Applicant"), cohort),
        "accepted": papers.accepted(branch.person("Four Applicant"), cohort),
        "returned": workflow.return_for_changes(
            application=new("five"), by=branch.supervisor, comment="Say who measures it.", now=NOW
        ),
        "declined": workflow.decline(
            application=papers.sign(new("six"), branch.supervisor), by=director, reason="No time.", now=NOW
        ),
    }
    for outcome in (Outcome.WAITLISTED, Outcome.NOT_SELECTED):
        ready = papers.at_deputy(branch.person(f"{outcome.title()} Applicant"), cohort)
        papers.choose(ready, deputy, outcome)
        made[outcome.label.lower()] = ready
    papers.release(cohort, deputy)
    waitlist.ask(application=made["waitlisted"], asked_date=TODAY, by=branch.officer, now=NOW)
    choosing.recommend(
        application=made["with deputy"],
        by=branch.officer,
        outcome="accepted",
        sentence=world.secret("recommendation", branch.officer, deputy, sealed=False),
        now=NOW,
    )
    papers.choose(
        made["with deputy"],
        deputy,
        "not_selected",
        reason=world.secret("choice", branch.officer, deputy, sealed=False),
    )
    late = new("eight")
    closing.close(applications=[late], reason="No time.", by=branch.officer, now=NOW + timedelta(days=60))
    made["closed"] = late
    withdrawn = new("seven")
    made["withdrawn"] = workflow.withdraw(application=withdrawn, by=withdrawn.applicant, now=NOW)
    for label, application in made.items():
        _keep_application(world, label, application)


def _on_paper(world: World, branch: Branch, cohort: Cohort, where: str) -> None:
    """An application that came on paper, signed by the applicant and the supervisor (A15)."""
    whom = branch.person(f"{where} Paper Applicant".strip())
    six = papers.competencies(cohort)
    world.keep("paper person", where or "ours", pk=cohort.pk, person_pk=branch.person("Not Yet").pk)
    application = paper.enter(
        cohort=cohort,
        applicant=whom,
        answers={**papers.ANSWERS, "project_competencies": six[:1]},
        ratings=dict.fromkeys(six, ("grow", "")),
        received_date=TODAY,
        signed_date=TODAY,
        signatures=[paper.PaperSignature(branch.supervisor, TODAY)],
        attested=paper.Attested(papers.A_SCAN, branch.officer.name),
        by=branch.officer,
        now=NOW,
    )
    printing = papers.draft(branch.person(f"{where} Printing Applicant".strip()), cohort)
    on_paper.ask_to_apply(application=printing, by=printing.applicant, now=NOW)
    world.keep("printed", where or "ours", printing)
    (scan,) = {each.scan_id for each in application.current_text.sign_offs.all()}
    world.keep("scan", where or "ours", owner=whom, pk=application.pk, scan_pk=scan)


def _keep_application(world: World, label: str, application: Application) -> None:
    owner = application.applicant
    world.keep("application", label, application, owner)
    world.keep(
        "application on board", label, owner=owner, pk=application.cohort_id, application_pk=application.pk
    )
    world.keep("application step", label, owner=owner, pk=application.pk, step="why")
    signed = application.review_steps.first()
    if signed:
        world.keep("review step", label, owner=owner, pk=application.pk, step_pk=signed.pk)
        world.keep("application text", label, owner=owner, pk=application.pk, text_pk=signed.text_id)


# The cohort whose teams are being formed


def _forming_cohort(world: World, branch: Branch, where: str) -> None:
    cohort = _earlier_cohort(
        world, branch, "2026-12", date(2026, 8, 1), date(2026, 9, 30), first_month=date(2026, 12, 1)
    )
    asked = _own(world, branch, "asked", "Abe Asked")
    members = [_enroll(cohort, user) for user in (asked, branch.person("Al One"), branch.person("Al Two"))]
    kept = pairings.keep(
        cohort=cohort,
        kind="apart",
        people=members[1:],
        reason=world.secret("pairing that ended", sealed=False),
        by=branch.officer,
        now=NOW,
    )
    world.keep("pairing", where or "ours", kept)
    pairings.end(pairing=kept, by=branch.officer, now=NOW)
    published = team_formation.start_by_hand(cohort=cohort, by=branch.officer, now=NOW)
    published.document = {"teams": [[each.pk for each in members]]}
    published.save()
    reasons = {1: world.secret("bent rule", branch.officer, sealed=False)}
    (team,) = team_formation.publish(proposal=published, by=branch.officer, now=NOW, reasons=reasons)
    consents = Consent.objects.filter(change__team=team)
    team_agreement.answer(
        consent=consents.get(participant=members[1]),
        agree=False,
        by=members[1].user,
        reason=world.secret("decline", members[1].user, branch.officer, sealed=False),
        now=NOW,
    )
    for number in range(3):
        _enroll(cohort, branch.person(f"Pool {number}"))
    draft = team_formation.start_by_hand(cohort=cohort, by=branch.officer, now=NOW)
    job = jobs.Job.objects.create(kind=JOB, key=f"{JOB}:{cohort.pk}", arguments={"cohort": cohort.pk})
    world.keep("cohort", f"{where} forming".strip(), cohort)
    world.keep("team", f"{where} asked".strip(), team)
    world.keep("team_change", where or "ours", team.changes.get())
    world.keep("proposal", f"{where} published".strip(), published)
    world.keep("proposal", f"{where} draft".strip(), draft)
    world.keep("job", where or "ours", job)
    world.keep("consent", where or "ours", consents.get(participant=members[0]), owner=asked)
    world.keep("participant", f"{where} asked".strip(), members[0], owner=asked)


def _earlier_cohort(
    world: World, branch: Branch, name: str, opens: date, closes: date, *, first_month: date
) -> Cohort:
    return factories.cohort(
        world.program,
        branch.unit,
        by=branch.officer,
        name=name,
        applications_open_date=opens,
        applications_close_date=closes,
        first_month=first_month,
    )


def _enroll(cohort: Cohort, user: User) -> Participant:
    return factories.participant(cohort, user)


# The cohort in its seventh month


def _running_cohort(world: World, branch: Branch, where: str) -> None:
    cohort = _earlier_cohort(
        world, branch, "2026", date(2026, 1, 1), date(2026, 3, 31), first_month=date(2026, 5, 1)
    )
    world.keep("cohort", f"{where} running".strip(), cohort)
    another = Project(
        "Two forms", "One was too long.", "Two short forms.", "Minutes.", (papers.competencies(cohort)[0],)
    )
    member = _own(world, branch, "member", "Meg Member")
    former = _own(world, branch, "former_member", "Flo Former")
    mates = [_enroll(cohort, user) for user in (member, former, branch.person("Mo"), branch.person("Max"))]
    team = _team(cohort, mates, branch)
    past, *_, last, ahead = laying_out.lay_out_meetings(team=team, by=None, now=BEFORE)
    _invited(mates[2].user)
    dates = busy.create(participant=mates[0], by=branch.supervisor, now=NOW)
    world.keep("busy calendar", where or "ours", token=dates.token)
    scheduling.set_place(meeting=ahead, where=scheduling.Where("Room 12"), by=member, now=NOW)
    visits.plan(meeting=ahead, by=branch.deputy, now=NOW)
    leading.choose(meeting=ahead, team=team, chosen={"grow": mates[0]}, by=member, now=NOW)
    everybody = dict.fromkeys(mates, Attendance.Status.PRESENT)
    counted, open_yet = world.secret("answer that is counted", sealed=False), world.secret("answer", member)
    # Of fewer than three people nothing is kept when they are counted.
    for meeting, text, writers in ((past, counted, mates), (last, open_yet, mates[:1])):
        then = meeting.ends_at + HOUR
        attendance.take_attendance(meeting=meeting, marks=everybody, by=member, now=then)
        answers = {
            question.pk: 3 if question.kind == Question.Kind.RATING else text
            for question in evaluations.questions_for(cohort)
        }
        for each in writers:
            evaluations.submit_evaluation(meeting=meeting, answers=answers, by=each.user, now=then)
    attendance.excuse(
        meeting=ahead,
        participant=mates[3],
        reason=world.secret("excusal", mates[3].user, branch.officer, sealed=False),
        by=branch.officer,
        now=NOW,
    )
    enrollment.leave(participant=mates[1], by=former, reason="A new post.", now=NOW)
    change = project_changes.ask(
        participant=mates[0], by=member, project=another, why="The pilot showed it.", now=NOW
    )
    world.keep("project change", where or "ours", change, owner=member)
    world.keep("meeting", f"{where} past".strip(), past)
    world.keep("meeting", f"{where} ahead".strip(), ahead)
    for name, meeting in (("first meeting", past), ("final meeting", ahead)):
        world.keep(name, where or "ours", pk=cohort.pk, item_pk=meeting.item_id)
    world.keep("attendance", where or "ours", pk=past.pk, participant_pk=mates[0].pk)
    said = _said_in_the_team(world, ahead, team, mates)
    needs.say(participant=mates[0], text=world.secret("need", member, branch.officer), by=member, now=NOW)
    planned = waivers.record(
        participant=mates[0],
        kind="made_up",
        months=[2],
        reason=world.secret("waiver", member, branch.officer, sealed=False),
        by=branch.officer,
        now=NOW,
    )
    world.keep("waiver", where or "ours", planned[0])
    _growth(world, mates, where)
    agreement.accept(team=team, seen=agreement.digest(team), by=member, now=NOW)
    agreement.ask_for_help(team=team, by=member, now=NOW)
    world.keep("help", where or "ours", team.help_requests.get())
    resource = resources.add(
        item=ahead.item,
        branch=cohort.branch,
        kind="file",
        title="Trust, in ten minutes",
        content=A_SCAN,
        by=branch.officer,
        now=NOW,
    )
    world.keep("resource", where or "ours", resource, owner=member)
    world.keep("meeting resources", where or "ours", branch_pk=cohort.branch_id, pk=ahead.item_id)
    for kind, row in said.items():
        world.keep(kind, where or "ours", row, owner=member)
    world.keep("turn", where or "ours", pk=ahead.pk, participant_pk=mates[2].pk, owner=member)
    world.keep(
        "calendar", where or "ours", token=feeds.choose(way=feeds.Way.ADDRESS, by=member, now=NOW).token
    )
    world.keep("team", f"{where} running".strip(), team)
    world.keep("participant", f"{where} member".strip(), mates[0], owner=member)
    world.keep("participant", f"{where} former".strip(), mates[1], owner=former)
    if not where:
        others = [world.cast["other_member"], branch.person("Oda"), branch.person("Ora")]
        other_team = _team(cohort, [_enroll(cohort, user) for user in others], branch)
        *_, last = laying_out.lay_out_meetings(team=other_team, by=None, now=BEFORE)
        world.keep("team", "other", other_team)
        world.keep("meeting", "other ahead", last)


def _growth(world: World, mates: list[Participant], where: str) -> None:
    """What the first of them writes about their own project."""
    participant, _, third, fourth = mates
    member = participant.user
    milestone = project.save(
        participant=participant,
        kind="milestone",
        text=world.secret("milestone", member, third.user, fourth.user),
        audience="team",
        due_date=TODAY,
        by=member,
        now=NOW,
    )
    world.keep("project text", where or "ours", milestone, owner=member)
    asked = inputs.ask(participant=participant, question="SECRET question", by=member, now=NOW)
    world.keep("input", where or "ours", asked, owner=member)


def _said_in_the_team(
    world: World, meeting: Meeting, team: Team, mates: list[Participant]
) -> dict[str, Note | ActionItem]:
    """M16: of every kind that members write for each other, by the first of them."""
    first, _, third, fourth = mates
    readers = first.user, third.user, fourth.user
    about: dict[str, Any] = {"meeting": meeting, "team": team, "by": first.user, "now": NOW}
    texts = {name: world.secret(name, *readers) for name in notes.UPDATE}
    notes.save_update(texts=texts, **about)
    notes.write(kind="competency", about=third, text=world.secret("use", *readers), **about)
    return {
        "note": notes.write(kind="advice", about=third, text=world.secret("advice", *readers), **about),
        "action": notes.save_action(
            owner=first,
            what=world.secret("task", *readers),
            how=world.secret("way", *readers),
            due_date=NOW.date(),
            **about,
        ),
    }


def _invited(user: User) -> None:
    """Has meetings by mail, and one of the mails has left."""
    feeds.choose(way=feeds.Way.MAIL, by=user, now=NOW)
    message = Message.objects.filter(kind=invitations.KIND, recipient=user).latest("pk")
    with time_machine.travel(NOW, tick=False):
        mail.invitation(user, **message.ids).before_sending(message)


def _team(cohort: Cohort, participants: list[Participant], branch: Branch) -> Team:
    """A team that stands since before the first meeting."""
    team = factories.confirmed_team(cohort, participants, by=branch.officer)
    team.memberships.update(joined_at=BEFORE)
    return team


# The cohort that is over: a list of certificates in each state


def _completed_cohort(world: World, branch: Branch, where: str) -> None:
    over = _earlier_cohort(
        world, branch, "2026-03", date(2026, 1, 1), date(2026, 2, 20), first_month=date(2026, 3, 1)
    )
    world.keep("cohort", f"{where} completed".strip(), over)
    superintendent = world.cast["superintendent"]
    SignaturePicture.objects.update_or_create(
        person=superintendent, defaults={"picture": b"png", "uploaded_at": NOW}
    )
    SealCertificate.objects.get_or_create(
        fingerprint="5" * 64,
        defaults={
            "root_fingerprint": "7" * 64,
            "owner": "Department of Education",
            "chain": "-----BEGIN CERTIFICATE-----",
            "valid_from": NOW,
            "valid_until": NOW + timedelta(days=3650),
            "first_used_at": NOW,
        },
    )
    StatusList.objects.update_or_create(pk=1, defaults={"made_at": NOW, "counts": {}, "signed": b"signed"})
    graduate = _own(world, branch, "graduate", "Gus Graduate")
    said = world.secret("pronunciation", graduate, branch.officer, sealed=False)
    names.write(person=graduate, name="Gus Graduate the Second", said=said, now=NOW)
    drafting = _earlier_cohort(
        world, branch, "2026-02", date(2026, 1, 1), date(2026, 1, 20), first_month=date(2026, 2, 1)
    )
    for state, cohort in (("approved", over), ("awaiting", over), ("draft", drafting)):
        first = graduate if state == "approved" else branch.person(f"{state.title()} First")
        members = [_enroll(cohort, user) for user in (first, branch.person(state), branch.person("Third"))]
        hold_meetings(_team(cohort, members, branch), now=NOW)
        batch = approval.propose_batch(cohort=cohort, by=branch.officer, now=NOW)
        if state != "draft":
            approval.submit_for_approval(batch=batch, by=branch.officer, now=NOW)
        if state == "approved":
            name = superintendent.name
            batch = approval.approve_batch(batch=batch, by=superintendent, typed_name=name, now=NOW)
            certificate = registered(batch, members[0])
            graduate.participations.filter(cohort=cohort).update(
                status=Participant.Status.COMPLETED, completed_at=NOW
            )
            world.keep("certificate", where or "ours", certificate, owner=graduate)
            world.keep("code", where or "ours", code=certificate.code)
        world.keep("batch", f"{where} {state}".strip(), batch)
        entry = batch.entries.first()
        world.keep("entry", f"{where} {state}".strip(), pk=batch.pk, entry_pk=entry.pk if entry else 0)


# What is kept, and for how long


def _records(world: World) -> None:
    administrator = world.cast["administrator"]
    hold = holds.set_hold(
        person=world.ours.person("Hal Held"),
        reason=world.secret("hold", administrator, sealed=False),
        by=administrator,
        now=NOW,
    )
    world.keep("hold", "ours", hold)
    order = orders.ask(
        team=Team.objects.get(**world.things["team"]["running"].keys),
        number="27-1034",
        issued_by="Superior Court",
        order_date=TODAY,
        scope="Notes of the fifth meeting.",
        days=7,
        by=administrator,
        now=NOW,
    )
    world.keep("legal order", "ours", order)
    RetentionTerm.objects.create(series=Series.MAIL, years=2)
    run = RetentionRun.objects.create(
        status=RetentionRun.Status.DONE,
        planned={"mail": 1},
        done={"mail": 1},
        started_by=administrator,
        started_at=NOW,
        finished_at=NOW,
    )
    world.keep("retention run", "ours", run)


# Reports: of each cohort, and of several


def _reports(world: World) -> None:
    scopes = {label: Scope(cohort=thing.keys["pk"]) for label, thing in world.things["cohort"].items()}
    for name, branch in (("ours", world.ours), ("foreign", world.foreign)):
        scopes[f"{name} branch"] = Scope(branch=branch.unit.pk)
        scopes[f"{name} year"] = Scope(branch=branch.unit.pk, year=2026)
    scopes["year"] = Scope(year=2026)
    for label, scope in scopes.items():
        world.keep("report", label, scope=str(scope))
        world.keep("report table", label, scope=str(scope), key="divisions")


# The directory


def _people(world: World, branch: Branch, where: str) -> None:
    person = branch.person(f"{where} Corrected".strip())
    correction = directory.report_correction(user=person, field="name", says="Another Name", now=NOW)
    world.keep("correction", where or "ours", correction, owner=person)
    world.keep("person", where or "ours", person)
    staff = f"email,name,branch\nnew@example.org,{where} New,{branch.unit.name}\n".encode()
    upload = staff_uploads.keep(raw=staff, file_name="staff.csv", by=branch.officer, now=NOW)
    world.keep("upload", where or "ours", upload, owner=branch.officer)
    order = delegations.record(
        kind="delegate",
        person=branch.director,
        principal=branch.deputy,
        unit=branch.division.parent,
        reason="Annual leave",
        start_date=TODAY + timedelta(days=60),  # nobody stands in for anybody on the day of the tests
        end_date=TODAY + timedelta(days=70),
        by=branch.deputy,
        now=NOW,
    )
    world.keep("delegation", where or "ours", order)
    lost = Message.objects.filter(recipient=branch.deputy, kind="delegation_recorded")
    lost.update(status=Message.Status.UNKNOWN, error="WorkerStopped")
    world.keep("message", where or "ours", lost.get())
