"""Whom to sign in as in the demo, and the names that several phases know."""

from dataclasses import dataclass

from coaching.site.population import MAIL_DOMAIN

PASSWORD = "peer-coaching-demo"  # noqa: S105 (printed for everybody; invented people only)


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to sign in as, and what there is to see."""

    role: str
    email: str
    about: str


def address(name: str) -> str:
    return f"{name}@{MAIL_DOMAIN}"


SIGN_IN_AS = (
    DemoPerson("Applicant", address("applicant"), "has a draft to review, sign and send"),
    DemoPerson(
        "Supervisor", address("supervisor"), "has two applications to sign, and a shared draft to read"
    ),
    DemoPerson("Division Director", address("director"), "signs for the Nutrition Services division"),
    DemoPerson("Branch Deputy", address("deputy"), "decides on applications"),
    DemoPerson("Branch office", address("branch.office"), "runs the cohorts of the branch"),
    DemoPerson("Team member", address("member"), "is in month five, with an evaluation to fill in"),
    DemoPerson("Graduate", address("graduate"), "has a certificate to show"),
    DemoPerson("Superintendent", address("superintendent"), "has a certificate to approve"),
    DemoPerson(
        "Training office",
        address("training.office"),
        "gives the meetings their resources, reads how they were evaluated",
    ),
    DemoPerson(
        "Operations branch office", address("operations.office"), "is forming teams in another branch"
    ),
    DemoPerson("Future team member", address("operations.member"), "is asked to agree to a team"),
    DemoPerson("Member of a pair", address("pair.member"), "takes part in another program, for pairs"),
    DemoPerson("Administrator", address("admin"), "uses the administration"),
)


def people() -> tuple[DemoPerson, ...]:
    """Whom to sign in as; the password of each is PASSWORD."""
    return SIGN_IN_AS
