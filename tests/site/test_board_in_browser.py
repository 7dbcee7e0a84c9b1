"""The board of teams in the browser: with the mouse, with the keyboard alone, and without scripts."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from coaching import jobs, team_agreement, team_formation
from coaching.models import Consent, Job
from tests.clock import NOW
from tests.coaching.test_team_formation import enrolled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(cohort, org):
    return enrolled(cohort, org)


@pytest.fixture
def draft(cohort, people, branch_officer):
    draft = team_formation.start_by_hand(cohort=cohort, by=branch_officer, now=NOW)
    draft.document = {"teams": [[each.pk for each in people[:3]], [each.pk for each in people[3:6]]]}
    draft.save()
    return draft


@pytest.fixture
def open_board(live_server, sign_in, branch_officer, cohort):
    def opened(page: Page) -> None:
        sign_in(page, branch_officer)
        page.goto(live_server.url + reverse("cohort_teams", args=[cohort.pk]))

    return opened


def teams(draft) -> list[set[int]]:
    draft.refresh_from_db()
    return [set(team) for team in draft.document["teams"]]


def test_with_the_mouse_onto_a_team(page, open_board, draft, people):
    open_board(page)
    page.set_viewport_size({"width": 1280, "height": 3000})  # nothing scrolls under the mouse
    page.locator(f"#person-{people[6].pk} .person-name").drag_to(page.locator("#draft-team-2 h3"))
    expect(page.locator("#board-done")).to_contain_text("P6 Person was moved to draft team 2")
    expect(page.locator(f"#draft-team-2 #person-{people[6].pk}")).to_be_visible()
    assert teams(draft)[1] == {each.pk for each in people[3:7]}
    page.locator(f"#person-{people[0].pk} .person-name").drag_to(
        page.locator(f"#person-{people[3].pk} .person-name")
    )
    expect(page.locator("#board-done")).to_contain_text("P0 Person and P3 Person changed places")
    assert teams(draft)[0] == {people[3].pk, people[1].pk, people[2].pk}
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: P0 Person and P3 Person changed places")).to_be_visible()
    assert teams(draft)[0] == {each.pk for each in people[:3]}


def test_with_the_keyboard_alone(page, open_board, draft, people):
    open_board(page)
    page.locator(f"#person-{people[6].pk} [data-pick]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#board-said")).to_contain_text("P6 Person is picked up.")
    page.keyboard.press("Escape")
    expect(page.locator("#board-said")).to_be_empty()
    expect(page.locator(f"#person-{people[6].pk} [data-pick]")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#draft-team-1").get_by_role("button", name="Put here").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#board-done")).to_contain_text("P6 Person was moved to draft team 1")
    expect(page.locator(f"#draft-team-1 #person-{people[6].pk} [data-pick]")).to_be_focused()
    assert people[6].pk in teams(draft)[0]


@pytest.mark.parametrize("width", [1280, 390])
def test_who_is_picked_up_is_in_sight_and_put_back_by_a_button(page, open_board, draft, people, width):
    open_board(page)
    page.set_viewport_size({"width": width, "height": 600})
    pick = page.locator(f"#person-{people[4].pk} [data-pick]")
    pick.click()
    bar = page.locator("#board-picked")
    expect(bar).to_contain_text("P4 Person is picked up.")
    expect(bar).to_be_in_viewport(ratio=1)
    bar.get_by_role("button", name="Leave them where they are").click()
    expect(bar).to_be_hidden()
    expect(pick).to_be_focused()


def test_undoing_leaves_the_page_where_it_is(page, open_board, draft, people):
    """At one place of the mouse the third press is the third undo."""
    open_board(page)
    page.set_viewport_size({"width": 1280, "height": 600})
    for person, team in ((6, 2), (0, 2), (1, 2)):
        page.locator(f"#person-{people[person].pk} [data-pick]").press("Enter")
        page.locator(f"#draft-team-{team}").get_by_role("button", name="Put here").press("Enter")
        expect(page.locator("#board-done")).to_contain_text(
            f"P{person} Person was moved to draft team {team}"
        )
    page.locator("#draft-team-2").evaluate("team => team.scrollIntoView({behavior: 'instant'})")
    before = page.evaluate("window.scrollY")
    assert before > 300
    box = page.get_by_role("button", name="Undo").bounding_box()
    for person in (1, 0, 6):
        page.mouse.click(box["x"] + 5, box["y"] + 5)
        expect(page.locator("#board-done")).to_contain_text(f"Undone: P{person} Person was moved")
        assert abs(page.evaluate("window.scrollY") - before) < 200
    assert teams(draft) == [{each.pk for each in people[:3]}, {each.pk for each in people[3:6]}]


def test_a_move_that_breaks_a_hard_rule_is_refused_in_words(page, open_board, draft, people):
    people[6].signers.add(people[0].user)
    open_board(page)
    page.locator(f"#person-{people[6].pk} [data-pick]").click()
    page.locator("#draft-team-1").get_by_role("button", name="Put here").click()
    expect(page.get_by_text("Nobody was moved. Draft team 1 would break a rule")).to_be_visible()
    assert teams(draft)[0] == {each.pk for each in people[:3]}


def test_what_changes_nothing_does_nothing(page, open_board, draft, people):
    open_board(page)
    page.set_viewport_size({"width": 1280, "height": 3000})  # nothing scrolls under the mouse
    name = f"#person-{people[0].pk} .person-name"
    page.locator(name).drag_to(page.locator(f"#person-{people[1].pk} .person-name"))
    page.locator(name).drag_to(page.locator("#draft-team-1 h3"))
    page.locator(f"#person-{people[6].pk} .person-name").drag_to(page.locator("#draft-pool h3"))
    page.locator(f"#person-{people[0].pk} [data-pick]").click()
    expect(page.locator("#draft-team-1 [data-put]:visible")).to_have_count(0)
    page.locator("#draft-team-2").get_by_role("button", name="Put here").click()
    expect(page.locator("#board-done")).to_contain_text("P0 Person was moved to draft team 2")
    draft.refresh_from_db()
    assert (draft.version, draft.edits.count()) == (2, 1)


def test_the_keyboard_stays_with_the_person(page, open_board, draft, people):
    """Where a team comes, where one goes, and where a move is refused."""
    people[6].signers.add(people[0].user)
    open_board(page)

    def put(person, button):
        page.locator(f"#person-{person.pk} [data-pick]").press("Enter")
        button.press("Enter")

    new_team = page.get_by_role("button", name="A new team")
    put(people[6], new_team)
    expect(page.locator(f"#draft-team-3 #person-{people[6].pk} [data-pick]")).to_be_focused()
    put(people[6], page.locator("#draft-team-1").get_by_role("button", name="Put here"))
    expect(page.locator("#board-done")).to_contain_text("Draft team 1 would break a rule")
    expect(page.locator(f"#draft-team-3 #person-{people[6].pk} [data-pick]")).to_be_focused()
    put(people[6], page.locator("#draft-team-2").get_by_role("button", name="Put here"))
    expect(page.locator(f"#draft-team-2 #person-{people[6].pk} [data-pick]")).to_be_focused()
    expect(page.locator("#draft-team-3")).to_have_count(0)
    page.mouse.wheel(0, -5000)
    put(people[0], new_team)
    expect(page.locator(f"#draft-team-3 #person-{people[0].pk} [data-pick]")).to_be_focused()
    assert teams(draft)[2] == {people[0].pk}


def test_pinning_and_undoing_leave_the_page_where_it_is(page, open_board, draft, people):
    """With the keyboard: it stays at its button, which does the opposite the second time."""
    open_board(page)
    page.set_viewport_size({"width": 390, "height": 600})
    page.evaluate("window.notLoadedAnew = true")
    pin = page.locator(f"#person-{people[4].pk} [form=pin]")
    pin.press("Enter")
    expect(page.locator("#board-done")).to_contain_text("Pinned: P4 Person.")
    expect(pin).to_have_text("Release P4 Person")
    expect(pin).to_be_focused()
    expect(pin).to_be_in_viewport()
    team = page.locator("#draft-team-2 .team-acts [form=pin]")
    team.press("Enter")
    expect(team).to_have_text("Release the team, draft team 2")
    expect(team).to_be_focused()
    undo = page.get_by_role("button", name="Undo")
    for said in ("Undone: P3 Person, P4 Person, P5 Person were pinned", "Undone: P4 Person was pinned"):
        undo.press("Enter")
        expect(page.locator("#board-done")).to_contain_text(said)
    expect(undo).to_be_hidden()
    expect(page.locator("#board")).to_be_focused()
    assert page.evaluate("window.notLoadedAnew")
    draft.refresh_from_db()
    assert "pinned" not in draft.document


@pytest.mark.parametrize("width", [1280, 390])
def test_what_a_move_did_stays_in_sight_and_covers_nothing(page, open_board, draft, people, width):
    open_board(page)
    page.set_viewport_size({"width": width, "height": 600})
    page.locator(f"#person-{people[6].pk} [data-pick]").press("Enter")
    page.locator("#draft-team-2").get_by_role("button", name="Put here").press("Enter")
    moved = page.locator(f"#draft-team-2 #person-{people[6].pk} [data-pick]")
    expect(moved).to_be_focused()
    expect(page.locator("#board-done")).to_contain_text("P6 Person was moved to draft team 2")
    undo = page.get_by_role("button", name="Undo")
    expect(page.locator("#board-done")).to_be_in_viewport(ratio=1)
    expect(undo).to_be_in_viewport(ratio=1)
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    for _ in range(15):
        page.wait_for_function(
            """() => {
                const [on, line] = [document.activeElement, document.getElementById("board-done")];
                const [one, other] = [on.getBoundingClientRect(), line.getBoundingClientRect()];
                return line.contains(on) || one.top >= other.bottom || one.bottom <= other.top;
            }"""
        )
        page.keyboard.press("Shift+Tab")


def test_without_scripts(new_context, open_board, draft, people):
    page = new_context(java_script_enabled=False).new_page()
    open_board(page)
    page.locator(f"#person-{people[6].pk}").get_by_role("link", name="Move").click()
    expect(page.get_by_text("Where to with P6 Person?")).to_be_visible()
    page.locator("#draft-team-2").get_by_role("button", name="Put here").click()
    expect(page.get_by_text("P6 Person was moved to draft team 2").first).to_be_visible()
    assert people[6].pk in teams(draft)[1]


def test_the_pages_are_clean(page, open_board, check_page, sign_in, live_server, draft, people, cohort):
    people[6].signers.add(people[0].user)
    open_board(page)
    check_page(page)
    page.locator(f"#person-{people[6].pk} [data-pick]").click()
    check_page(page)
    for name, key in (("team_pairings", cohort.pk), ("proposal_publish", draft.pk)):
        page.goto(live_server.url + reverse(name, args=[key]))
        check_page(page)
    sign_in(page, people[0].user)
    page.goto(live_server.url + reverse("team_wishes", args=[people[0].pk]))
    check_page(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Times").click()
    expect(page.get_by_role("group", name="Monday").get_by_role("checkbox").first).to_be_focused()
    check_page(page)


@pytest.mark.usefixtures("solver_here")
def test_another_proposal_and_a_decline_seen_in_the_browser(
    page, open_board, check_page, live_server, draft, people, cohort, branch_officer, monkeypatch
):
    monkeypatch.setattr(jobs, "_nudge", lambda pk: None)
    open_board(page)
    page.get_by_label("Look for at most").select_option("30 seconds")
    page.get_by_role("button", name="Propose again around what is pinned").click()
    expect(page.get_by_text("Waiting to start")).to_be_visible()
    job = Job.objects.get()
    so_far = {"score": 200, "bound": 220, "points": [[1.0, 190, 240], [2.0, 200, 220]]}
    Job.objects.update(status="running", done=2, total=30, result=so_far)
    expect(page.get_by_text("at most 10.0 % more")).to_be_visible()
    check_page(page)
    Job.objects.update(status="queued", result={})
    jobs.run(job.pk)
    expect(page.get_by_role("heading", name="Another proposal")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Take it over").click()
    expect(page.get_by_text("The other proposal was taken over:")).to_be_visible()

    draft.refresh_from_db()
    team_formation.publish(
        proposal=draft, by=branch_officer, now=NOW, reasons={1: "One site.", 2: "One site."}
    )
    consent = Consent.objects.first()
    team_agreement.answer(consent=consent, agree=False, by=consent.participant.user, now=NOW, reason="No.")
    open_board(page)
    page.get_by_role("link", name="Work out the change that asks the fewest people again…").click()
    expect(page.get_by_text("“No.”")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Work out the change").click()
    expect(page.get_by_text("Waiting to start")).to_be_visible()
    jobs.run(Job.objects.latest("pk").pk)
    expect(page.get_by_text("anew after somebody declined")).to_be_visible()
    check_page(page)
