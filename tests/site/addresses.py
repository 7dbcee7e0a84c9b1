"""Who may open and who may use each address of the site: what the sweep expects, by the address's name.

For an address that takes an object, `get` and `post` name the people by the object's label in tests/world.py;
a label that is not named is for nobody. "owner" is the person the object is about. Whoever may not gets 404.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from coaching.site.guides import GUIDES

People = frozenset[str]
NOBODY: People = frozenset()


def people(names: str) -> People:
    return frozenset(names.split())


PEOPLE = people(
    "outsider applicant asked member other_member former_member graduate supervisor director deputy branch_officer "
    "training_officer superintendent administrator other_officer"
)
ANYBODY = PEOPLE | {"anonymous"}
OFFICE = people("branch_officer")
OFFICERS = people("branch_officer other_officer")  # where each sees their own branch
DEPUTY = people("deputy")
ADMINISTRATOR = people("administrator")
OWNER = people("owner")

By = Mapping[str, People]


@dataclass(frozen=True)
class Address:
    """`get` and `post`: who, by label of the object; "" where there is none. `kind`: what it takes."""

    get: By = field(default_factory=dict)
    post: By = field(default_factory=dict)
    kind: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)  # the world's key → the address's


def page(get: People, post: People = NOBODY) -> Address:
    return Address(get={"": get}, post={"": post})


def about(kind: str, get: By | None = None, post: By | None = None, **rename: str) -> Address:
    return Address(get=get or {}, post=post or {}, kind=kind, rename=rename)


def both(kind: str, who: By, **rename: str) -> Address:
    """A page with a form, or an act that leads to the page it is sent from: whoever may open it may use it."""
    return Address(get=who, post=who, kind=kind, rename=rename)


COHORTS = dict.fromkeys(("open", "forming", "running", "completed"), OFFICE) | dict.fromkeys(
    ("foreign", "foreign forming", "foreign running", "foreign completed"), people("other_officer")
)
COHORTS_READ = {
    label: who | DEPUTY if not label.startswith("foreign") else who for label, who in COHORTS.items()
}
PROPOSALS = dict.fromkeys(("draft", "published"), OFFICE) | dict.fromkeys(
    ("foreign draft", "foreign published"), people("other_officer")
)
TEAMS = dict.fromkeys(("asked", "running", "other"), OFFICE) | dict.fromkeys(
    ("foreign asked", "foreign running"), people("other_officer")
)
CHANGES = JOBS = {"ours": OFFICE, "foreign": people("other_officer")}

SITE = {
    "home": page(PEOPLE),
    # They hold nothing of anybody, and whoever cannot sign in needs them, too.
    "help": page(ANYBODY),
    **{f"help_{guide.name}": page(ANYBODY) for guide in GUIDES},
    # F5: each branch office about its own people, administrators about everybody.
    "undelivered": page(OFFICERS | ADMINISTRATOR),
    "undelivered_all_again": page(*[OFFICERS | ADMINISTRATOR] * 2),
    **dict.fromkeys(
        ("undelivered_again", "undelivered_settled"),
        both("message", {"ours": OFFICE | ADMINISTRATOR, "foreign": people("other_officer administrator")}),
    ),
    "mailbox": page(NOBODY),  # outside the demo
    "mailbox_mail": about("mail"),
    "mailbox_html": about("mail"),
}
PEOPLE_ROOMS = {
    "people": page(OFFICERS | ADMINISTRATOR),
    "person": about(
        "person", {"ours": OFFICE | ADMINISTRATOR, "foreign": people("other_officer administrator")}
    ),
    **dict.fromkeys(
        ("person_change", "person_deactivate", "person_reactivate"),
        both("person", {"ours": OFFICE | ADMINISTRATOR, "foreign": people("other_officer administrator")}),
    ),
    "person_merge": both("person", {"ours": ADMINISTRATOR, "foreign": ADMINISTRATOR}),
    "staff_uploads": page(OFFICERS | ADMINISTRATOR, OFFICERS | ADMINISTRATOR),
    **dict.fromkeys(
        ("staff_upload", "staff_upload_start", "staff_upload_columns", "staff_upload_put_away"),
        both("upload", {"ours": OWNER, "foreign": OWNER}),
    ),
    "staff_upload_problems": about("upload", get={"ours": OWNER, "foreign": OWNER}),
    "people_me": page(PEOPLE, PEOPLE),
    "own_data": page(PEOPLE),
    **dict.fromkeys(("own_data_ask", "own_data_file"), page(PEOPLE, PEOPLE)),
    "people_corrections": page(OFFICERS | ADMINISTRATOR),
    "people_correction": both(
        "correction",
        {"ours": OFFICE | ADMINISTRATOR, "foreign": people("other_officer administrator")},
    ),
    "people_delegations": page(PEOPLE),
    "people_delegate": page(*[people("supervisor director deputy superintendent")] * 2),
    "people_acting": page(OFFICERS, OFFICERS),
    "people_written_order": page(OFFICERS, OFFICERS),
    "people_delegation_end": both(
        "delegation",
        {
            "ours": people("deputy director branch_officer administrator"),
            "foreign": people("other_officer administrator"),
        },
    ),
}
RECORDS_ROOMS = {
    "safeguards": page(ANYBODY),
    "legal_orders": page(people("administrator superintendent")),
    "legal_order_ask": page(ADMINISTRATOR, ADMINISTRATOR),
    "legal_order": about("legal order", get={"ours": people("administrator superintendent")}),
    **{
        name: both("legal order", {"ours": people("superintendent")})
        for name in people("legal_order_approve legal_order_decline")
    },
    **{
        name: both("legal order", {"ours": ADMINISTRATOR})
        for name in people("legal_order_read legal_order_close")
    },
    "records": page(ADMINISTRATOR),
    **dict.fromkeys(("records_terms", "records_due", "records_hold"), page(ADMINISTRATOR, ADMINISTRATOR)),
    "records_run": about("retention run", get={"ours": ADMINISTRATOR}),
    "records_go_on": both("retention run", {"ours": ADMINISTRATOR}),
    "records_lift": both("hold", {"ours": ADMINISTRATOR}),
}
TEAM_ROOMS = {
    "alumni": page(people("graduate")),
    "alumni_own": page(people("graduate"), people("graduate")),
    "alumni_withdraw": page(people("graduate"), people("graduate")),
    # F1, F5: programs are those of every branch, and so their models are kept for the department.
    "competency_models": page(people("training_officer")),
    **{
        name: both("competency model", {"ours": people("training_officer")})
        for name in people("competency_model competency_model_begin")
    },
    "competency_model_take": both("version to take", {"ours": people("training_officer")}),
    "branch": page(DEPUTY),
    "cohorts": page(OFFICERS | DEPUTY),
    "cohort_open": page(OFFICERS, OFFICERS),
    "cohort": about("cohort", get=COHORTS_READ),
    "cohort_edit": both("cohort", COHORTS),
    "cohort_checklist": about("cohort", get=COHORTS),
    **{
        f"list_{name}": about("cohort", get=COHORTS)
        for name in people("participants applications teams attendance danger evaluations totals completion")
    },
    "cohort_history": both("cohort", COHORTS),
    "participation_leave": both(
        "participant",
        {
            "asked": OWNER | OFFICE,
            "member": OWNER | OFFICE,
            "foreign asked": people("owner other_officer"),
            "foreign member": people("owner other_officer"),
        },
    ),
    "teams": page(OFFICERS | people("asked member other_member graduate")),
    "my_team": page(people("asked member other_member graduate")),
    "team_answer": both("consent", {"ours": OWNER, "foreign": OWNER}),
    "cohort_teams": about("cohort", get=COHORTS),
    # Whose team stands is led to it.
    "team_wishes": both(
        "participant", dict.fromkeys(("asked", "member", "foreign asked", "foreign member"), OWNER)
    ),
    "team_wishes_ask": both("cohort", COHORTS),
    "team_pairings": both("cohort", COHORTS),
    "team_pairing_end": both("pairing", {"ours": OFFICE, "foreign": people("other_officer")}),
    "teams_propose": both("cohort", COHORTS),
    "teams_by_hand": both("cohort", COHORTS),
    "teams_job": about("job", get=JOBS),
    "teams_job_stop": both("job", JOBS),
    "teams_reopen": both("cohort", COHORTS),
    "proposal_again": both("proposal", PROPOSALS),
    "proposal_take": both("proposal", PROPOSALS),
    "proposal_put_away": both("proposal", PROPOSALS),
    "proposal_place": both("proposal", PROPOSALS),
    "proposal_pin": both("proposal", PROPOSALS),
    "proposal_undo": both("proposal", PROPOSALS),
    "proposal_discard": both("proposal", PROPOSALS),
    "proposal_publish": both("proposal", PROPOSALS),
    "team_confirm": both("team", TEAMS),
    "team_dissolve": both("team", TEAMS),
    "team_small": both("team", TEAMS),
    "team_change_confirm": both("team_change", CHANGES),
    "team_change_date": both("team_change", CHANGES),
    "team_change_take_back": both("team_change", CHANGES),
}

# Applications are read by those they were routed to, from the moment they reached them (M17), by the
# deputy and by the branch office; a draft is nobody else's.
REACHED_SUPERVISOR = people("owner supervisor deputy branch_officer")
REACHED_ALL = REACHED_SUPERVISOR | people("director")
APPLICATIONS = {
    "draft": OWNER,
    "with supervisor": REACHED_SUPERVISOR,
    "returned": REACHED_SUPERVISOR,
    "withdrawn": people("owner deputy branch_officer"),
    "closed": people("owner deputy branch_officer"),  # with its supervisor, who had not signed
    **dict.fromkeys(
        ("with director", "with deputy", "declined", "accepted", "waitlisted", "not selected"), REACHED_ALL
    ),
    "foreign": OWNER,
    "foreign in review": people("owner other_officer"),
}
OWN_APPLICATIONS = dict.fromkeys(APPLICATIONS, OWNER)
SUBMITTED = {label: who for label, who in APPLICATIONS.items() if label not in ("draft", "foreign")}
ROUTED = {
    "with supervisor": people("supervisor"),
    "returned": people("supervisor"),
    "with director": people("supervisor director"),
    "declined": people("supervisor director"),
    **dict.fromkeys(
        ("with deputy", "accepted", "waitlisted", "not selected"), people("supervisor director deputy")
    ),
}
# Whoever acts while it is withdrawn is told so, and reads nothing of it.
TOO_LATE = ROUTED | {"withdrawn": people("supervisor")}
# T10, A9: what is compared for the selection; who only waits on a signer is there too.
ON_BOARD = dict.fromkeys(
    ("with supervisor", "with director", "with deputy", "accepted", "returned", "waitlisted", "not selected"),
    OFFICE,
) | {"foreign in review": people("other_officer")}
CHOSEN = {"with deputy": DEPUTY}
PARTICIPANTS = ("asked", "member", "former", "foreign asked", "foreign member", "foreign former")
OF_OUR_BRANCH = PEOPLE - people("training_officer superintendent administrator other_officer")
APPLICATION_ROOMS = {
    "applications": page(PEOPLE),
    "application_start": both(
        "cohort",
        {
            label: people("other_officer") if label.startswith("foreign") else OF_OUR_BRANCH
            for label in COHORTS
        },
        pk="cohort_pk",
    ),
    "cohort_applications": about("cohort", get=COHORTS_READ),
    "selection": about("cohort", get=COHORTS_READ),
    "selection_choose": both("cohort", COHORTS_READ),
    "selection_recommend": both("cohort", COHORTS_READ),
    "selection_release": both("cohort", COHORTS_READ),
    "selection_take_back": both("application on board", CHOSEN),
    "cohort_waitlist": about("cohort", get=COHORTS_READ),
    "waitlist_move": both("application on board", ON_BOARD),
    "waitlist_asked": both("application on board", ON_BOARD),
    "waitlist_answer": both("application on board", ON_BOARD),
    "cohort_deadline": both("cohort", COHORTS),
    "cohort_close": both("cohort", COHORTS),
    "application": about("application", get=APPLICATIONS),
    "application_text": about("application text", get=SUBMITTED),
    "paper_person": about("cohort", get=COHORTS),
    "paper_enter": both("paper person", {"ours": OFFICE, "foreign": people("other_officer")}),
    "paper_signature": both(
        "application",
        {
            label: people("other_officer") if label.startswith("foreign") else OFFICE
            for label in APPLICATIONS
            if label not in ("draft", "foreign")
        },
    ),
    "paper_receive": both("printed", {"ours": OFFICE, "foreign": people("other_officer")}),
    "paper_ask": both("application", {**SUBMITTED, "draft": OWNER, "foreign": OWNER}),
    "application_print": about("application", get=SUBMITTED),
    "application_scan": about("scan", get={"ours": REACHED_ALL, "foreign": people("owner other_officer")}),
    "application_reassign": both(
        "review step",
        {
            label: people("other_officer") if label.startswith("foreign") else OFFICE
            for label in APPLICATIONS
            if label not in ("draft", "foreign")
        },
    ),
    "application_text_file": about("application text", get=SUBMITTED),
    "application_draft_file": about("application", get=OWN_APPLICATIONS),
    "application_step": both("application step", OWN_APPLICATIONS),
    "application_review": both("application", OWN_APPLICATIONS),
    "application_correct": both("application", OWN_APPLICATIONS),
    # A3: for the talk about the concept, whom the applicant chose reads the draft too.
    "application_draft": about("application", get={"draft": OWNER | people("supervisor"), "foreign": OWNER}),
    "application_share": both("application", OWN_APPLICATIONS),
    "application_share_end": both("draft share", {"ours": OWNER, "foreign": OWNER}),
    "application_withdraw": both("application", OWN_APPLICATIONS),
    "project": both("participant", dict.fromkeys(PARTICIPANTS, OWNER)),
    "project_take_back": both("project change", {"ours": OWNER, "foreign": OWNER}),
    "project_approval": about(
        "project change",
        get={"ours": people("director owner"), "foreign": OWNER},
    ),
    "project_concur": both("project change", {"ours": people("director")}),
    "project_decline": both("project change", {"ours": people("director")}),
    "approvals": page(PEOPLE),
    "approvals_signed": page(PEOPLE),
    "approvals_several": page(PEOPLE, PEOPLE),
    "approval": about("application", get=ROUTED),
    "approval_sign": about("application", get=ROUTED, post=TOO_LATE),
    "approval_decide": about("application", get=ROUTED, post=TOO_LATE),
    "approval_return": about("application", get=ROUTED, post=TOO_LATE),
    "approval_decline": about("application", get=ROUTED, post=TOO_LATE),
}

# M14, M16: a team's meetings are its members' alone; the branch office keeps attendance, by pages of its own.
MEMBER = people("member")
MEETINGS = {"past": MEMBER, "ahead": MEMBER, "other ahead": people("other_member")}
OFFICE_MEETINGS = dict.fromkeys(MEETINGS, OFFICE) | dict.fromkeys(
    ("foreign past", "foreign ahead"), people("other_officer")
)
TOTALS = {label: who | people("training_officer") for label, who in COHORTS_READ.items()}
OWN_OR_FOREIGN = {"ours": OWNER, "foreign": OWNER}
OFFICE_PARTICIPANTS = {
    label: people("other_officer") if label.startswith("foreign") else OFFICE for label in PARTICIPANTS
}
KEPT = {"ours": OFFICE, "foreign": people("other_officer")}
TAKING_PART = dict.fromkeys(("asked", "member", "foreign asked", "foreign member"), OWNER)
TAUGHT = people("member other_member graduate")
GIVEN_DAYS = {"ours": OFFICE, "foreign": people("other_officer")}
GIVING = {"ours": OFFICE | people("training_officer"), "foreign": people("other_officer training_officer")}
MEETING_ROOMS = {
    "meetings": page(PEOPLE),
    "meetings_calendar": page(people("member other_member graduate")),
    "meetings_program": about("participant", get={"member": OWNER, "foreign member": OWNER}),
    "meetings_program_calendar": about("participant", get={"member": OWNER, "foreign member": OWNER}),
    "meetings_program_calendar_file": about("participant", get={"member": OWNER, "foreign member": OWNER}),
    # Whoever left keeps the statement of their meetings and hours.
    **{
        name: about("participant", get=dict.fromkeys(PARTICIPANTS, OWNER))
        for name in people("statement statement_file")
    },
    "statement_pass_on": both("participant", dict.fromkeys(PARTICIPANTS, OWNER)),
    "meetings_own_writing": about("participant", get={"member": OWNER, "foreign member": OWNER}),
    "calendar_feed": page(PEOPLE),
    "calendar_choose": page(PEOPLE, PEOPLE),
    # M14: the supervisor alone, of whoever takes part now.
    **{
        name: both("participant", dict.fromkeys(("asked", "member"), people("supervisor")))
        for name in people("busy_make busy_withdraw")
    },
    "busy_file": about("busy calendar", get={"ours": ANYBODY, "foreign": ANYBODY}),
    "calendar_file": about("calendar", get={"ours": ANYBODY, "foreign": ANYBODY}),
    "meetings_team": about("team", get={"running": MEMBER, "other": people("other_member")}),
    "meeting_add": both("team", {"running": MEMBER, "other": people("other_member")}),
    **{
        name: both("meeting", MEETINGS)
        for name in people(
            "meeting_move meeting_free_day meeting_place meeting_cancel meeting_facilitators meeting_attendance "
            "meeting_lead"
        )
    },
    "meeting": about("meeting", get=MEETINGS),
    "meeting_pack": about("meeting", get=MEETINGS),
    **{name: both("meeting", MEETINGS) for name in people("meeting_table meeting_prepare")},
    **{name: both("turn", OWN_OR_FOREIGN) for name in people("note_advice note_competency action_add")},
    **{name: both("note", OWN_OR_FOREIGN) for name in people("note_change note_delete")},
    **{name: both("action", OWN_OR_FOREIGN) for name in people("action_change action_done action_delete")},
    **{
        name: both("team", {"running": MEMBER, "other": people("other_member")})
        for name in people("meetings_agreement meetings_help meetings_rhythm")
    },
    "meetings_actions": about("team", get={"running": MEMBER, "other": people("other_member")}),
    # Whoever was there evaluates it, a former member too (C1).
    "meeting_evaluation": both("meeting", {"past": people("member former_member")}),
    "evaluation_ask": both("meeting", {"past": people("member former_member")}),
    "office_attention": about("cohort", get=COHORTS),
    "office_evaluations": about("cohort", get=COHORTS),
    "evaluation_reopen": both("attendance", {"ours": OFFICE, "foreign": people("other_officer")}),
    "office_meetings": page(OFFICERS),
    "office_grid": both("cohort", COHORTS),
    "office_meetings_cohort": about("cohort", get=COHORTS),
    "office_places": both("cohort", COHORTS),
    "office_days": about("cohort", get=COHORTS),
    **{name: both("first meeting", GIVEN_DAYS) for name in people("office_join office_apart")},
    **{name: both("final meeting", GIVEN_DAYS) for name in people("office_stagger office_usual")},
    "help_mark": both("help", KEPT),
    "office_needs": about("cohort", get=COHORTS),
    **{
        name: both("participant", OFFICE_PARTICIPANTS)
        for name in people("office_participant participant_back participant_credit participant_again")
    },
    **{name: both("waiver", KEPT) for name in people("waiver_take_back waiver_count")},
    "my_need": both("participant", TAKING_PART),
    "office_meeting": both("meeting", OFFICE_MEETINGS),
    **{
        name: both("attendance", {"ours": OFFICE, "foreign": people("other_officer")})
        for name in people("office_attendance office_excusal_back")
    },
    "branch_meetings": page(DEPUTY),
    # M12: in the branch alone; what is over or called off is refused in words.
    **{
        name: both("meeting", dict.fromkeys(MEETINGS, DEPUTY))
        for name in people("visit_plan visit_take_back")
    },
    "branch_briefing": about("meeting", get=dict.fromkeys(MEETINGS, DEPUTY)),
    # M11: the department's training office serves every branch.
    "resources": page(OFFICERS | people("training_officer")),
    "meeting_resources": both("meeting resources", GIVING),
    "resource_remove": both("resource", GIVING),
    "resource_file": about(
        "resource", get={"ours": GIVING["ours"] | TAUGHT | OWNER, "foreign": GIVING["foreign"] | OWNER}
    ),
    "training": page(people("training_officer")),
    "training_hours": about("cohort", get=dict.fromkeys(COHORTS, people("training_officer"))),
    "meetings_totals_list": page(OFFICERS | DEPUTY | people("training_officer")),
    "meetings_totals": about("cohort", get=TOTALS),
}

# C7, C8: what a participant writes of their project, for whom they choose.
GROWTH_ROOMS = {
    "input_ask": both("participant", TAKING_PART),
    "input_answer": both("input", {"ours": people("supervisor")}),
    **{name: both("input", OWN_OR_FOREIGN) for name in people("input_take_back input_share")},
    "employees": page(people("supervisor director deputy superintendent")),
    **dict.fromkeys(people("division_participants division_participants_file"), page(people("director"))),
    **{
        name: both("participant", TAKING_PART)
        for name in people("project_milestone project_update project_outcome")
    },
    "my_growth": both("participant", TAKING_PART),
    "my_project": about("participant", get=TAKING_PART),
    **{
        name: both("project text", OWN_OR_FOREIGN)
        for name in people("project_text project_text_done project_text_delete")
    },
    "meetings_team_projects": about("team", get={"running": MEMBER, "other": people("other_member")}),
}

# C3: the superintendent sees a list once it is submitted, of every branch.
BATCHES = dict.fromkeys(("draft", "awaiting", "approved"), OFFICE) | dict.fromkeys(
    ("foreign draft", "foreign awaiting", "foreign approved"), people("other_officer")
)
SUPERINTENDENT = people("superintendent")
SUBMITTED_BATCHES = {label: SUPERINTENDENT for label in BATCHES if "draft" not in label}
BATCHES_READ = {label: who | SUBMITTED_BATCHES.get(label, NOBODY) for label, who in BATCHES.items()}
CERTIFICATES = {"ours": people("owner branch_officer deputy"), "foreign": people("owner other_officer")}
MANAGED = {"ours": OFFICE, "foreign": people("other_officer")}
BY_CODE = {"ours": ANYBODY, "foreign": ANYBODY}
CERTIFICATE_ROOMS = {
    "certificates": page(PEOPLE),
    "certificate": about("certificate", get=CERTIFICATES),
    "certificate_download": about("certificate", get=CERTIFICATES),
    "certificate_reissue": both("certificate", MANAGED),
    "certificate_revoke": both("certificate", MANAGED),
    "certificate_register": page(OFFICERS | DEPUTY),
    "certificate_register_file": page(OFFICERS | DEPUTY),
    "certificate_completion": about("cohort", get=COHORTS),
    "certificate_files": both("batch", BATCHES),
    "certificate_files_of_cohort": both("cohort", COHORTS),
    "certificate_ceremony": about("cohort", get=COHORTS),
    "certificate_ceremony_file": about("cohort", get=COHORTS),
    "certificate_propose": both("cohort", COHORTS),
    "certificate_batch": about("batch", get=BATCHES_READ),
    "certificate_signing": both("batch", BATCHES),
    "certificate_submit": both("batch", BATCHES),
    **dict.fromkeys(people("certificate_sample certificate_samples"), about("batch", get=BATCHES_READ)),
    "certificate_new_list": both("entry", BATCHES),
    "certificate_sample_of": about("entry", get=BATCHES_READ),
    "certificate_approve": both("batch", SUBMITTED_BATCHES),
    "certificate_return": both("batch", SUBMITTED_BATCHES),
    "certificate_packet": about("batch", get=BATCHES_READ),
    "certificate_signed": both("batch", BATCHES),
    "certificate_scan": about("batch"),  # none of them was signed on paper
    "certificate_take_back": both("batch", BATCHES),
    "certificate_issue": both("batch", BATCHES),
    "certificate_name_sample": page(people("asked member other_member graduate")),
    "certificate_name": page(*[people("asked member other_member graduate")] * 2),
    "certificate_signature": page(SUPERINTENDENT, SUPERINTENDENT),
    "certificate_signature_remove": page(SUPERINTENDENT, SUPERINTENDENT),
    "certificate_signature_picture": page(SUPERINTENDENT),
    "verify": page(ANYBODY, ANYBODY),
    "verify_roots": page(ANYBODY),
    "verify_seals": page(ANYBODY),
    "verify_status": page(ANYBODY),
    "verify_code": about("code", get=BY_CODE),
    "verify_json": about("code", get=BY_CODE),
}

# C5: the branch's own office and deputy, and the superintendent, who reads all.
REPORTS = {label: who | SUPERINTENDENT for label, who in COHORTS_READ.items()} | {
    **dict.fromkeys(("ours branch", "ours year"), OFFICE | DEPUTY | SUPERINTENDENT),
    **dict.fromkeys(("foreign branch", "foreign year"), people("other_officer superintendent")),
    "year": OFFICERS | DEPUTY | SUPERINTENDENT,
}
# One person takes part in it so far, of whom nothing is told.
TABLES = REPORTS | {"open": OFFICE | DEPUTY}
REPORT_ROOMS = {
    "reports": page(OFFICERS | DEPUTY | SUPERINTENDENT),
    **dict.fromkeys(("report", "report_file"), about("report", get=REPORTS)),
    **dict.fromkeys(("report_csv", "report_xlsx"), about("report table", get=TABLES)),
}

ADDRESSES: dict[str, Address] = {
    **SITE,
    **PEOPLE_ROOMS,
    **RECORDS_ROOMS,
    **TEAM_ROOMS,
    **APPLICATION_ROOMS,
    **MEETING_ROOMS,
    **GROWTH_ROOMS,
    **CERTIFICATE_ROOMS,
    **REPORT_ROOMS,
}

# The sign-in library's addresses: those a stranger has to reach, and those for people who are signed in.
SIGN_IN_PUBLIC = people(
    "account_login account_logout account_inactive account_signup account_reset_password "
    "account_reset_password_done account_reset_password_from_key account_reset_password_from_key_done "
    "account_confirm_login_code mfa_authenticate socialaccount_login_cancelled socialaccount_login_error"
)
SIGN_IN_PRIVATE = people(
    "account_reauthenticate account_change_password account_set_password "
    "mfa_index mfa_reauthenticate mfa_activate_totp mfa_generate_recovery_codes mfa_list_webauthn mfa_add_webauthn "
    "mfa_reauthenticate_webauthn"
)
# There for whoever has set up the second step that they are about: tests/site/test_second_factor.py.
SIGN_IN_OWN = people(
    "mfa_deactivate_totp mfa_view_recovery_codes mfa_download_recovery_codes mfa_remove_webauthn mfa_edit_webauthn"
)
SIGN_IN_OFF = people(
    "account_email account_email_verification_sent account_confirm_email socialaccount_connections "
    "socialaccount_signup openid_connect_login openid_connect_callback"
)
