"""Another program on the same engine: pairs, an hour a month for five months, two signatures."""

from datetime import timedelta
from itertools import islice

from coaching.models import Requirement, RouteStep
from coaching.site import reference, staging
from coaching.site.demo.scene import OPERATIONS_BRANCH, SEED, Demo
from coaching.site.reference import Definition, Item, Kind, Signature, component

COMPETENCIES = {
    "Giving Direction": ("setting goals", "handing over work", "saying what matters most"),
    "Listening": ("asking open questions", "hearing what is not said"),
    "Following Through": ("keeping promises", "feedback in time", "learning from what went wrong"),
}

LEADERSHIP_PAIRS = Definition(
    slug="leadership-pairs",
    texts={
        "name": "Leadership Pairs",
        "benefits": (
            "You meet a colleague from another division who is as new to leading as you are.\n"
            "You practice three skills of first-line leadership on what happens in your own unit.\n"
            "Those who keep the commitment receive a certificate signed by the State Superintendent of Public Instruction."
        ),
        "time_commitment": "Five meetings of one hour, one each month for five months, on work time.",
        "voluntary": (
            "Taking part is voluntary, for your own growth; it assures no advancement. You can withdraw your application, "
            "or leave the program, at any time."
        ),
        "commitment_statement": (
            "I commit myself to the program and to my partner: I will take part in at least four of the five meetings. I "
            "have read what the program offers and the time it asks for."
        ),
        "expectations": (
            "Keep the hour free: the other one has nobody else to talk to.\n"
            "Speak of yourself, ask about the other.\n"
            "Keep what is said between the two of you."
        ),
    },
    model=("First-Line Leadership", "2026"),
    competencies=COMPETENCIES,
    curriculum=(
        Item(
            Kind.INTRODUCTION,
            "Getting to Know Each Other",
            (component("introductions", "Introductions and projects"), component("program", "The program")),
        ),
        *(
            Item(
                Kind.COMPETENCY,
                name,
                (component("projects", "Projects"), component("competency", "Competency")),
                (name,),
            )
            for name in COMPETENCIES
        ),
        Item(
            Kind.FINAL,
            "Looking Back",
            (component("outcomes", "Project outcomes"), component("review", "What we take along")),
        ),
    ),
    minutes=60,
    route=(
        Signature(
            RouteStep.Office.SUPERVISOR,
            "Supervisor",
            "I support this employee's participation, and have discussed the project concept with them.",
        ),
        Signature(
            RouteStep.Office.DEPUTY,
            "Branch Deputy",
            "I have considered why the applicant wants to take part, and decide on this application.",
            decides=True,
        ),
    ),
    requirements=(
        (Requirement.Kind.ATTENDANCE, 4, Requirement.Unit.COUNT, Requirement.Per.PROGRAM),
        (Requirement.Kind.EVALUATION, 75, Requirement.Unit.PERCENT, Requirement.Per.PROGRAM),
    ),
    team_sizes=(2, 2),
)


def pairs(demo: Demo) -> None:
    """Six people in three pairs, in their third month; one could not come once, which this program forgives."""
    program = reference.load(today=demo.now.date(), definition=LEADERSHIP_PAIRS)
    cohort = demo.open_cohort(
        program=program,
        branch=OPERATIONS_BRANCH,
        name=f"{demo.month(-2).year} pairs",
        first_month=demo.month(-2),
        opens=demo.month(-5),
        closes=demo.month(-3) - timedelta(days=1),
        seats=8,
    )
    known = demo.user("pair.member")
    others = (
        each for each in demo.colleagues(OPERATIONS_BRANCH) if each.supervisor_id != known.supervisor_id
    )
    demo.enroll(cohort, [known, *islice(others, 5)])
    officer = demo.user("operations.office")
    staging.form_teams(cohort, by=officer, seed=SEED, now=staging.at(demo.month(-3), 15, cohort=cohort))
    team = known.participations.get(cohort=cohort).memberships.get().team_id
    demo.hold_meetings(
        cohort,
        unless=lambda meeting, number: (
            (meeting.month, number) == (2, 0) and not meeting.teams.filter(pk=team).exists()
        ),
    )
