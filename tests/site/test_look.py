"""The frame of every page and the parts that pages share."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib.messages import constants
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from coaching import outbox
from coaching.site import demo, navigation
from coaching.site.navigation import Link, mark_current
from coaching.site.templatetags import look
from tests import factories


class Question(forms.Form):
    title = forms.CharField(label="Title of the project")
    rating = forms.ChoiceField(
        label="Grow or glow", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect
    )

    def clean(self):
        if not self.cleaned_data.get("title"):
            raise forms.ValidationError("The project is not complete.")


def test_every_tone_has_an_icon():
    assert set(look.TONES.values()) == set(look.ICONS)


def test_an_unknown_status_is_neutral_and_a_tone_stays_itself():
    assert [look.tone(word) for word in ("something else", "good", "returned")] == [
        "neutral",
        "good",
        "attention",
    ]


def test_status_says_in_words_what_its_color_says():
    html = render_to_string("_status.html", {"status": "in_review", "text": "In review"})
    assert "status-waiting" in html
    assert "In review" in html


def test_error_summary_links_to_the_control_and_to_the_first_choice_of_a_group():
    html = render_to_string("_error_summary.html", {"form": Question({})})
    assert re.findall(r'href="#([^"]+)"', html) == ["id_title", "id_rating_0"]
    assert "The project is not complete." in html


def test_crispy_forms_show_the_error_summary_by_themselves():
    template = Template("{% load crispy_forms_filters %}{{ form|crispy }}")
    assert template.render(Context({"form": Question({})})).count("error-summary-title") == 1
    assert "error-summary" not in template.render(Context({"form": Question()}))


def test_pager_keeps_the_query_and_marks_the_page():
    request = RequestFactory().get("/mail/", {"to": "ana", "page": "2"})
    page = Paginator(range(100), 10).get_page(2)
    html = render_to_string("_pager.html", {"page": page}, request=request)
    assert 'href="?to=ana&amp;page=3"' in html
    assert len(re.findall(r'aria-current="page"[^>]*>.*?2</span>', html)) == 1


def test_pager_of_a_single_page_is_empty():
    assert render_to_string("_pager.html", {"page": Paginator([1], 10).get_page(1)}).strip() == ""


def test_crumbs_lead_from_home_to_the_page_itself():
    html = Template('{% load look %}{% crumbs "Applications" "/applications/" "Ana" %}').render(Context())
    assert re.findall(r'href="([^"]+)"', html) == ["/", "/applications/"]
    assert re.search(r'aria-current="page">Ana<', html)


def test_facts_say_when_nothing_is_given():
    assert "Not given" in render_to_string("_facts.html", {"facts": [("Unit", "")]})


@pytest.mark.parametrize(("name", "expected"), [("Ana Maria Reyes", "AR"), ("Cher", "C"), ("", "")])
def test_initials(name, expected):
    assert look.initials(name) == expected


def test_current_link_is_the_longest_that_begins_the_path():
    links = [Link("Home", "/"), Link("Meetings", "/meetings/"), Link("Office", "/meetings/office/")]
    current = {
        path: [link.label for link in mark_current(links, path) if link.current]
        for path in ("/", "/meetings/3/", "/meetings/office/2/", "/verify/")
    }
    assert current == {
        "/": ["Home"],
        "/meetings/3/": ["Meetings"],
        "/meetings/office/2/": ["Office"],
        "/verify/": [],
    }


def test_count_of_a_link_is_said_in_words_too(client, applicant, monkeypatch):
    monkeypatch.setattr(
        navigation, "links_for", lambda user, facts: [Link("Approvals", "/approvals/", count=3)]
    )
    client.force_login(applicant)
    assert '3<span class="visually-hidden"> waiting</span>' in client.get("/").content.decode()


@pytest.fixture
def page(client, applicant):
    def get(address="/"):
        client.force_login(applicant)
        return client.get(address).content.decode()

    return get


def test_signing_out_is_a_post(page):
    form = re.search(r'<form method="post" action="/accounts/logout/">.*?</form>', page(), re.DOTALL)
    assert form
    assert "csrfmiddlewaretoken" in form.group()


def test_first_link_of_a_page_skips_to_its_main_part(page):
    html = page()
    assert re.search(r"<a [^>]*>", html).group() == '<a class="skip-link" href="#main">'
    assert html.count('id="main"') == 1


def test_demo_says_on_every_page_that_people_are_invented(page, settings):
    assert "invented" not in page()
    settings.DEMO = True
    html = page()
    assert "invented" in html
    assert reverse("mailbox") in html


def test_official_line_only_on_a_site_of_the_state(page, settings):
    assert "Official website of the State of California" not in page()
    settings.OFFICIAL_STATE_SITE = True
    assert "Official website of the State of California" in page()


@pytest.mark.parametrize(
    ("level", "role"),
    [(constants.SUCCESS, "status"), (constants.INFO, "status"), (constants.ERROR, "alert")],
)
def test_message_is_announced_by_its_weight(level, role):
    template = Template('{% include "_messages.html" %}')
    message = {"level": level, "level_tag": {25: "success", 20: "info", 40: "danger"}[level]}
    assert f'role="{role}"' in template.render(Context({"messages": [message]}))


def test_unknown_address_answers_a_friendly_404(client, applicant):
    client.force_login(applicant)
    response = client.get("/nothing/")
    assert response.status_code == 404
    assert "There is nothing here for you to see" in response.content.decode()


@pytest.mark.parametrize("name", ["500.html", "503.html", "403_csrf.html"])
def test_error_pages_need_no_context_and_name_files_that_exist(name):
    html = render_to_string(name)
    assert 'class="btn btn-primary"' in html  # a way on
    for folder, rest in re.findall(r'href="/static/([\w-]+)/([^"]+)"', html):
        roots = [
            Path(found[1]) / rest if isinstance(found, tuple) else Path(found) / folder / rest
            for found in settings.STATICFILES_DIRS
            if not isinstance(found, tuple) or found[0] == folder
        ]
        assert any(path.is_file() for path in roots), f"{folder}/{rest}"


def test_expired_form_is_explained(applicant):

    client = Client(enforce_csrf_checks=True)
    response = client.post(reverse("account_login"), {"login": applicant.email, "password": "x"})
    assert response.status_code == 403
    assert "Please try once more" in response.content.decode()


SIGN_IN_PAGES = {
    "account_login": "Sign in",
    "account_signup": "Nobody needs to register",
    "account_reset_password": "Set or reset your password",
    "account_reset_password_done": "Check your mail",
    "account_reset_password_from_key_done": "Your password is saved",
    "account_inactive": "This account is closed",
}


@pytest.mark.parametrize("name", SIGN_IN_PAGES)
def test_sign_in_pages_are_ours(client, db, name):
    html = client.get(reverse(name)).content.decode()
    assert re.findall(r"<h1[^>]*>([^<]*)</h1>", html) == [SIGN_IN_PAGES[name]]
    assert 'id="main"' in html


def test_wrong_password_is_told_in_the_error_summary(client, applicant):
    applicant.set_password("a-right-password")
    applicant.save()
    response = client.post(reverse("account_login"), {"login": applicant.email, "password": "a-wrong-one"})
    html = response.content.decode()
    assert "error-summary" in html
    assert "<title>Error: Sign in" in html


def test_password_mail_is_ours_and_its_link_works(client, applicant, mailoutbox):
    applicant.set_password("an-old-password")
    applicant.save()
    client.post(reverse("account_reset_password"), {"email": applicant.email})
    outbox.deliver_due(now=timezone.now())
    [mail] = mailoutbox
    assert mail.subject == "Peer Coaching Program: choose your password"
    [address] = re.findall(r"http://\S+", mail.body)
    html = client.get(address.removeprefix(settings.SITE_URL), follow=True).content.decode()
    assert "<h1>Choose a password</h1>" in html


def test_old_password_link_says_what_to_do(client, db):
    html = client.get("/accounts/password/reset/key/1-old/").content.decode()
    assert "<h1>This link no longer works</h1>" in html


def test_demo_offers_its_people_and_one_click_signs_in(client, db, settings):
    person = demo.people()[0]
    user = factories.person("Ana Applicant", email=person.email)
    user.set_password(demo.PASSWORD)
    user.save()
    assert demo.PASSWORD not in client.get("/accounts/login/").content.decode()
    settings.DEMO = True
    html = client.get("/accounts/login/").content.decode()
    assert html.count('name="login" value=') == 1  # only people who are there
    fields = dict(re.findall(r'type="hidden" name="(login|password)" value="([^"]+)"', html))
    assert client.post("/accounts/login/", fields).url == "/"
