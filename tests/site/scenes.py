"""Pages of the demo that the guides speak of: who opens each, and by which links from their first page.

A step is the beginning of a link's text, which may stand in part for screen readers alone; or, of a link whose text is
somebody's name, its address. The first such link is followed.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    """`at`: the heading at which a picture of it begins, else the top of the page."""

    name: str
    person: str
    way: tuple[str, ...] = ()
    at: str = ""


def scene(name: str, person: str, *way: str, at: str = "") -> Scene:
    return Scene(name, person, way, at)


OWN_DRAFT = ("Applications", "Open the application")
FIRST_STEP = (*OWN_DRAFT, "Review and sign")
FIRST_WAITING = ("Approvals", r"/approvals/\d+/")
APPLICATIONS = ("Cohorts", "2027 program", "Applications")
RUNNING = "2026 summer"
ATTENDANCE = ("Attendance", f"Attendance of the {RUNNING}")
COMPLETED = ("Certificates", "Peer Coaching Program, 2026 program")
ONE_PERSON = ("People", r"/people/\d+/")

SCENES = (
    # Applicant
    scene("applications-open", "graduate", "Applications", at="Open for applications"),
    scene("application-own", "applicant", *OWN_DRAFT),
    scene("application-about", "applicant", *FIRST_STEP, "About you"),
    scene("application-why", "applicant", *FIRST_STEP, "Why you want to take part"),
    scene("application-competencies", "applicant", *FIRST_STEP, "Your competencies"),
    scene("application-project", "applicant", *FIRST_STEP, "Your project"),
    scene("application-review", "applicant", *FIRST_STEP, at="Commitment"),
    scene("application-share", "applicant", *OWN_DRAFT, "Share the draft"),
    scene("application-withdraw", "applicant", *OWN_DRAFT, "Withdraw"),
    scene("application-way", "member", "Applications", "Open the application"),
    scene("application-text", "member", "Applications", "Open the application", "Read the application"),
    scene("profile", "applicant", "My profile"),
    # Supervisor and division director
    scene("supervisor-home", "supervisor"),
    scene("draft", "supervisor", "Read the draft"),
    scene("approvals", "supervisor", "Approvals"),
    scene("approval", "supervisor", *FIRST_WAITING, at="Sign"),
    scene("approval-return", "supervisor", *FIRST_WAITING, "Return it"),
    scene("approval-decline", "supervisor", *FIRST_WAITING, "Decline it"),
    scene("approvals-signed", "supervisor", "Approvals", "Texts you signed"),
    scene("employees", "supervisor", "Read what is shared"),
    scene("input", "supervisor", "Give my input"),
    scene("calendar-feed", "supervisor", "Read what is shared", "Their dates in my calendar"),
    scene("delegate", "supervisor", "My profile", "See all orders", "Name a delegate"),
    scene("director-home", "director"),
    scene("director-approval", "director", *FIRST_WAITING, at="Sign"),
    scene("division", "director", "My division"),
    # Branch deputy
    scene("deputy-home", "deputy"),
    scene("branch", "deputy", "My branch"),
    scene("selection", "deputy", "See them side by side", at="Applications"),
    scene("choose", "deputy", "See them side by side", "Choose for"),
    scene("release", "deputy", "Look at them together"),
    scene("waitlist", "deputy", "Open the waitlist"),
    scene("branch-meetings", "deputy", "Branch meetings"),
    scene("briefing", "deputy", "Branch meetings", "Briefing"),
    scene("reports", "deputy", "Reports"),
    scene("deputy-certificates", "deputy", "Certificates"),
    # Team member
    scene("asked", "operations.member", "My team", at="Your teammates"),
    scene("wishes", "operations.member", "My team", "When you can meet"),
    scene("my-team", "member", "My team"),
    scene("leave", "member", "My team", "Leave the"),
    scene("program", "member", "See what is still missing"),
    scene("calendar", "member", "See what is still missing", "Printable calendar"),
    scene("meeting", "member", "See the agenda"),
    scene("move", "member", "See the agenda", "Move"),
    scene("prepare", "member", "See the agenda", "My update"),
    scene("table", "member", "See the agenda", "At the table"),
    scene("team-room", "member", "My team", "Our meetings"),
    scene("meeting-past", "member", "See what is still missing", "Meeting 5"),
    scene("evaluation", "member", "Evaluate"),
    scene("certificates", "member", "Certificates"),
    scene("statement", "member", "See what is still missing", "My meetings and hours"),
    scene("certificate-name", "member", "Certificates", "Change how it is written"),
    scene("my-project", "member", "See what is still missing", "My project", at="On the way"),
    scene("growth", "member", "Rate myself"),
    scene("project", "member", "See what is still missing", "My project", "Change the project itself"),
    scene("alumni", "graduate", "Alumni"),
    scene("graduate-certificates", "graduate", "Certificates"),
    # Branch office
    scene("office-home", "branch.office"),
    scene("cohorts", "branch.office", "Cohorts"),
    scene("cohort-open", "branch.office", "Cohorts", "Open a cohort"),
    scene("cohort", "branch.office", "Cohorts", "2027 program"),
    scene("checklist", "branch.office", "Cohorts", "2027 program", "Checklist of the year"),
    scene("cohort-running", "branch.office", "Cohorts", RUNNING),
    scene("cohort-applications", "branch.office", *APPLICATIONS),
    scene("office-application", "branch.office", *APPLICATIONS, r"/applications/\d+/"),
    scene("deadline", "branch.office", "See with whom they are"),
    scene("paper-person", "branch.office", *APPLICATIONS, "Enter a paper"),
    scene("office-selection", "branch.office", *APPLICATIONS, "Selection"),
    scene("recommend", "branch.office", *APPLICATIONS, "Selection", "Recommend for"),
    scene("office-waitlist", "branch.office", "Open the waitlist"),
    scene("cohort-teams", "branch.office", "Form teams"),
    scene("board", "operations.office", "Go on with the draft", at="Draft"),
    scene("publish", "operations.office", "Go on with the draft", "Publish"),
    scene("attendance", "branch.office", *ATTENDANCE, at="Team 1"),
    scene("office-places", "branch.office", *ATTENDANCE, "Rooms and links"),
    scene("office-days", "branch.office", *ATTENDANCE, "Several teams"),
    scene("office-needs", "branch.office", *ATTENDANCE, "What people need"),
    scene("danger", "branch.office", "See who and what"),
    scene("office-meeting", "branch.office", *ATTENDANCE, "Team 1, meeting 1"),
    scene("office-attendance", "branch.office", "See who and what", "Correct or excuse"),
    scene("office-participant", "branch.office", "See who and what", "Excuse the month"),
    scene("office-evaluations", "branch.office", "Look at it"),
    scene("completion", "branch.office", *COMPLETED, at="Participants"),
    scene("batch-office", "branch.office", *COMPLETED, "List of"),
    scene("certificate-office", "branch.office", *COMPLETED, "Certificate 2"),
    scene("register", "branch.office", "Certificates", "Register of certificates"),
    scene("corrections", "branch.office", "People", "Corrections that"),
    # Training office, superintendent, administrator
    scene("training-home", "training.office"),
    scene("training", "training.office", "Training"),
    scene("resources", "training.office", "Resources"),
    scene("resources-item", "training.office", "Resources", "Give resources"),
    scene("competency-models", "training.office", "Competencies"),
    scene("competency-model", "training.office", "Competencies", r"/.+/\d+/"),
    scene("totals-list", "training.office", "Evaluations"),
    scene("totals", "training.office", "Evaluations", RUNNING),
    scene("superintendent-home", "superintendent"),
    scene("superintendent-certificates", "superintendent", "Certificates"),
    scene("batch", "superintendent", "Read and approve", at="Approve"),
    scene("signature", "superintendent", "Certificates", "Your signature on certificates"),
    scene("admin-home", "admin"),
    scene("people", "admin", "People"),
    scene("upload", "admin", "People", "Bring people in"),
    scene("person", "admin", *ONE_PERSON),
    scene("person-change", "admin", *ONE_PERSON, "Change"),
    scene("person-deactivate", "admin", *ONE_PERSON, "Deactivate"),
    scene("merge", "admin", *ONE_PERSON, "Merge"),
    scene("delegations-admin", "admin", "People", "Who signs for whom"),
    scene("undelivered", "admin", "People", "Mail that did not arrive"),
    scene("records", "admin", "Records"),
    scene("records-due", "admin", "Records", "See what is due"),
    scene("hold", "admin", "Records", "Set a legal hold"),
    scene("admin-orders", "admin", "Records", "legal order"),
)
