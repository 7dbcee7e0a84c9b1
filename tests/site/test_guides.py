"""Help: a guide for each role, found by its words, true to the screens, with the contact on each page (A12)."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from coaching.models import Cohort
from coaching.site import guides
from coaching.site.templatetags.guides import recorded
from tests import factories
from tests.site.cited import cited, pictured
from tests.site.scenes import SCENES

pytestmark = pytest.mark.django_db
PICTURES = Path(settings.BASE_DIR) / "static" / "help"


@pytest.fixture
def html(client):
    def get(address, user=None):
        if user:
            client.force_login(user)
        answer = client.get(address)
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def own(user):
    return [guide.name for guide in guides.guides_of(user)]


def test_own_guides_are_those_of_the_persons_roles(
    supervisor, director, deputy, branch_officer, training_officer, superintendent, administrator, outsider
):
    assert own(outsider) == ["applicant"], "whoever has no role may apply"
    assert own(supervisor) == ["supervisor"]
    assert own(director) == ["supervisor", "division-director"]
    assert own(deputy) == ["supervisor", "branch-deputy"]
    assert own(branch_officer) == ["branch-office"]
    assert own(training_officer) == ["training-office"]
    assert own(administrator) == ["administrator"]
    assert "superintendent" in own(superintendent)


def test_whoever_takes_part_has_the_guide_for_team_members(applicant, cohort):
    factories.participant(cohort, user=applicant)
    assert "team-member" in own(applicant)


def test_help_puts_own_guides_first(html, supervisor):
    page = html("/help/", supervisor)
    mine, others = page.split("For others")
    assert "/help/supervisor/" in mine
    assert "/help/applicant/" not in mine
    assert all(f"/help/{guide.name}/" in others for guide in guides.GUIDES if guide.name != "supervisor")


def test_strangers_read_all_guides_and_no_contact(html, cohort):
    page = html("/help/")
    assert all(f"/help/{guide.name}/" in page for guide in guides.GUIDES)
    assert cohort.contact_email not in page


def test_queries_of_help_stay_the_same_however_many_cohorts(
    client, cohort, applicant, django_assert_max_num_queries
):
    client.force_login(applicant)
    with django_assert_max_num_queries(50) as one:
        client.get("/help/?q=sign")
    for name in ("2031", "2032"):
        factories.cohort(cohort.program, cohort.branch, name=name)
    with django_assert_max_num_queries(len(one)):
        client.get("/help/?q=sign")


@pytest.mark.parametrize("guide", guides.GUIDES, ids=lambda guide: guide.name)
def test_each_guide_lists_its_sections(html, guide):
    page = html(guide.address)
    anchors = [section.anchor for section in guide.sections]
    assert len(anchors) == len(set(anchors)) >= 3
    for section in guide.sections:
        assert section.title
        assert f'<li><a href="#{section.anchor}">{section.title}</a></li>' in page
        assert page.count(f'id="{section.anchor}"') == 1


def test_guides_link_to_rooms_for_those_who_have_them_alone(html, branch_officer, applicant):
    mine = html("/help/branch-office/", branch_officer)
    assert f'<a href="{reverse("cohorts")}"><b>Cohorts</b></a>' in mine
    theirs = html("/help/branch-office/", applicant)
    assert "under <b>Cohorts</b>" in " ".join(theirs.split()).replace("Under", "under")
    assert f'href="{reverse("cohorts")}"' not in theirs


@pytest.mark.parametrize("guide", guides.GUIDES, ids=lambda guide: guide.name)
def test_every_link_of_a_guide_leads_somewhere(client, html, guide, applicant, deputy, branch_officer):
    for user in (applicant, deputy, branch_officer):
        page = html(guide.address, user)
        for address in {link for link in re.findall(r'<a href="(/[^"#]*)"', page) if "/static/" not in link}:
            assert client.get(address, follow=True).status_code == 200, (user, address)


# Searching


def found(asked, *mine):
    return [
        f"{each.section.guide.name}#{each.section.anchor}"
        for each in guides.search(asked, [guide for guide in guides.GUIDES if guide.name in mine])
    ]


def test_search_finds_sections_that_have_every_word():
    assert found("share draft") == [place for place in found("draft") if place in found("share")], (
        "each word narrows"
    )
    assert "applicant#share" in found("share draft")


def test_search_finds_words_by_their_beginning_in_any_case():
    assert "team-member#certificate" in found("CERTIF")
    assert found("ertificate") == []


def test_search_takes_sentences():
    assert found("How do I share a draft?") == found("share draft")
    assert found("how do i") == found("how do i")


def test_titles_come_first_and_then_own_guides():
    assert found("away", "division-director")[0] == "division-director#away"
    assert found("away", "supervisor")[0] == "supervisor#away"
    titles = ["away" in each.title.lower() for each in (found.section for found in guides.search("away"))]
    assert titles == sorted(titles, reverse=True)


def test_search_marks_what_was_found(html):
    page = html("/help/?q=withdraw")
    assert "<mark>withdraw</mark>" in page
    assert f'href="{reverse("help_applicant")}#undo"' in page


def test_nothing_found_says_what_to_try(html):
    page = html("/help/?q=zeppelin")
    assert "Nothing found" in page
    assert "Try one word" in page


def test_what_is_asked_is_shown_as_text_alone(html):
    page = html("/help/", None)
    page = html('/help/?q="><script>alert(1)</script>')
    assert "<script>alert" not in page
    assert html("/help/?q=%20").count("<mark>") == 0
    assert html(f"/help/?q={'sign ' * 400}")


# True to the screens: tests/site/test_guide_pictures.py holds the record against the demo


def test_every_word_of_the_screen_was_found_on_a_scene_of_its_section():
    unknown = [
        f"{each.place}: {each.words}"
        for each in cited()
        if not any(each.words in recorded().get(scene, {}).get("shows", ()) for scene in each.scenes)
    ]
    assert unknown == [], "put the words right, or run script/pictures"


def test_every_section_names_scenes_and_every_scene_is_named():
    sections = [section for guide in guides.GUIDES for section in guide.sections]
    texts = [render_to_string(guide.template) for guide in guides.GUIDES]
    named = re.findall(r'<section id="[\w-]+" data-scenes="([\w -]+)">', "".join(texts))
    assert len(named) == len(sections)
    assert {name for names in named for name in names.split()} == {scene.name for scene in SCENES}
    assert len({scene.name for scene in SCENES}) == len(SCENES)


def test_every_picture_is_there_and_all_are_light():
    taken = {file.stem: file.stat().st_size for file in PICTURES.glob("*.webp")}
    assert sorted(taken) == sorted(pictured())
    assert all({"width", "height"} <= set(recorded()[name]) for name in taken)
    assert sum(taken.values()) < 1_500_000


def test_every_guide_has_pictures_that_say_what_they_show():
    for guide in guides.GUIDES:
        shown = re.findall(
            r'<img src="/static/help/[\w-]+\.webp"[^>]* alt="([^"]*)"', render_to_string(guide.template)
        )
        assert shown, guide.name
        assert all(len(words) > 40 for words in shown)


# The contact on each page (A12)


def foot(page):
    return page[page.index("<footer") :]


def test_foot_of_each_page_names_whom_the_applicants_cohort_names(html, applicant, cohort):
    assert all(
        f'href="mailto:{cohort.contact_email}"' in foot(html(address, applicant))
        for address in ("/", "/applications/", "/people/me/", "/help/")
    )
    assert "Help</a>" in foot(html("/"))


def test_contact_is_that_of_the_own_cohort_before_a_newer_one_of_the_branch(html, applicant, cohort):
    Cohort.objects.filter(pk=cohort.pk).update(contact_email="newer@example.org", first_month="2033-01-01")
    older = factories.cohort(cohort.program, cohort.branch, name="Older", contact_email="own@example.org")
    assert "newer@example.org" in foot(html("/", applicant))
    factories.participant(older, user=applicant)
    assert "own@example.org" in foot(html("/", applicant))


def test_whoever_belongs_to_no_branch_is_led_to_all_contacts(html, superintendent, cohort):
    assert f'href="{reverse("help")}#whom-to-ask"' in foot(html("/", superintendent))
    page = html("/help/", superintendent)
    assert cohort.contact_email in page
    assert str(cohort.branch) in page


def test_strangers_find_help_in_the_foot_too(html):
    page = foot(html("/accounts/login/"))
    assert f'href="{reverse("help")}"' in page
    assert "Questions?" not in page
