"""What people type is cleaned where it arrives; nothing of it ends in an error."""

import pytest
from django.http import HttpResponse, QueryDict
from django.test import RequestFactory
from django.urls import reverse

from applications import drafting
from applications.models import Application
from coaching import signing
from coaching.models import DirectoryCorrection, SignOff, User
from coaching.typed import TypedMiddleware, clean, number_of, numbers_of
from tests.applications.factories import ANSWERS, draft, submitted
from tests.clock import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r"]
TURNS = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
NASTY = "\x00\x07\u202e\u2066"


@pytest.mark.parametrize("character", [*CONTROLS, *TURNS], ids=lambda each: f"U+{ord(each):04X}")
def test_controls_and_turns_of_direction_are_taken_away(character):
    assert clean(f"a{character}b{character}") == "ab"


@pytest.mark.parametrize(
    "text",
    [
        "Two lines\nand\ta tab",
        "می\u200cخواهم",  # Persian, with a non-joiner
        "क्\u200dष",  # Devanagari, with a joiner
        "👩\u200d💻 👍🏽 ❤\ufe0f",
        "שלום\u200f 12\u200e",  # marks that turn nothing
        "soft\u00adhyphen word\u2060joiner e\u0301 ﷽ 𠮷 \ue000",
        "   spaces stay \u00a0\u3000 ",
    ],
)
def test_what_scripts_need_stays(text):
    assert clean(text) == text


@pytest.mark.parametrize("ends", ["a\r\nb", "a\rb", "a\nb"])
def test_each_line_ends_in_one_way(ends):
    assert clean(ends) == "a\nb"


@pytest.mark.parametrize("text", [None, "", "x", "-1", "1.0", " 1", "²", "٣", "9" * 10, "9" * 5000])
def test_what_is_no_number_of_a_row_counts_as_none(text):
    assert number_of(text) == 0
    assert numbers_of([text or "", "12", "0"]) == [12]


class TestMiddleware:
    @pytest.fixture
    def received(self):
        def received(request, view=lambda request: HttpResponse()):
            layer = TypedMiddleware(lambda request: HttpResponse())
            layer(request)
            layer.process_view(request, view, (), {})
            return request

        return received

    def test_every_value_of_every_field(self, received):
        request = received(RequestFactory().post("/?q=a%00&q=b%07", {"x": ["1\u202e", "2"], "y": "3"}))
        assert QueryDict("q=a&q=b") == request.GET
        assert QueryDict("x=1&x=2&y=3") == request.POST
        with pytest.raises(AttributeError):
            request.POST["x"] = "4"

    def test_a_password_is_left_as_it_was_typed(self, received):
        sent = {"password": "a\x07b", "oldpassword": "c\r\nd", "login": "e\x07"}
        assert dict(received(RequestFactory().post("/", sent)).POST.items()) == {**sent, "login": "e"}

    def test_an_upload_without_a_token_is_not_read_before_its_view_measures_it(self, received):
        def view(request): ...

        view.csrf_exempt = True
        request = received(RequestFactory().post("/", {"x": "1"}), view)
        assert not hasattr(request, "_post")


def test_answers_are_saved_clean(client, applicant, cohort):
    application = draft(applicant, cohort, why="")
    client.force_login(applicant)
    step = reverse("application_step", args=[application.pk, "why"])
    sent = {**{name: ANSWERS[name] for name in ("development", "role_aimed_for")}, "ultimate_position": NASTY}
    assert client.post(step, {**sent, "why": f"To {NASTY}learn.\r\nA\u200dlot."}).status_code == 302
    application.refresh_from_db()
    assert (application.why, application.ultimate_position) == ("To learn.\nA\u200dlot.", "")


def test_a_name_is_signed_clean(client, applicant, supervisor, cohort):
    application = submitted(applicant, cohort)
    client.force_login(supervisor)
    sent = {
        "text_id": application.current_text_id,
        "concept_supervisor": ANSWERS["concept_supervisor_date"],
        "typed_name": f"Sam{NASTY} Super\x00visor",
    }
    assert client.post(reverse("approval_sign", args=[application.pk]), sent).status_code == 302
    assert SignOff.objects.get(signer=supervisor).typed_name == "Sam Supervisor"


def test_a_comment_is_kept_clean(client, applicant, supervisor, cohort):
    application = submitted(applicant, cohort)
    client.force_login(supervisor)
    sent = {"text_id": application.current_text_id, "comment": f"Say{NASTY} more.\r\nPlease."}
    client.post(reverse("approval_return", args=[application.pk]), sent)
    assert application.route().get(status="returned").comment == "Say more.\nPlease."


def test_nothing_but_controls_is_nothing(client, applicant, supervisor, cohort):
    application = submitted(applicant, cohort)
    client.force_login(supervisor)
    sent = {"text_id": application.current_text_id, "comment": NASTY}
    page = client.post(reverse("approval_return", args=[application.pk]), sent)
    assert page.context["form"].errors["comment"] == ["This field is required."]


def test_a_wrong_entry_is_reported_clean(client, applicant):
    client.force_login(applicant)
    client.post(reverse("people_me"), {"field": "name", "says": f"Ana{NASTY} Applicant-Luz"})
    assert DirectoryCorrection.objects.get().says == "Ana Applicant-Luz"


def test_the_administration_keeps_a_name_clean(client, administrator, outsider):
    client.force_login(administrator)
    address = reverse("admin:coaching_user_change", args=[outsider.pk])
    form = client.get(address).context["adminform"].form
    sent = {name: value for name in form.fields if (value := form.initial.get(name)) not in (None, [])}
    formsets = client.get(address).context["inline_admin_formsets"]
    for each in formsets:
        sent |= {
            f"{each.formset.prefix}-{name}": value
            for name, value in each.formset.management_form.initial.items()
        }
    client.post(address, {**sent, "name": f"Otto{NASTY} Outsider-Luz"})
    assert User.objects.get(pk=outsider.pk).name == "Otto Outsider-Luz"


def test_what_was_signed_before_keeps_its_digest(client, applicant, supervisor, cohort):
    """Texts that stand in the database already are not touched, even with such characters in them."""
    application = draft(applicant, cohort)
    drafting.save_answers(application=application, by=applicant, answers={"why": f"Old{NASTY}."}, now=NOW)
    text = signing.signed_text(kind="application", text=f"Old{NASTY}.\r\n", by=applicant, now=NOW)
    text.refresh_from_db()
    assert signing.digest(text.text) == text.digest
    client.force_login(applicant)
    page = client.get(reverse("application_review", args=[application.pk]))
    preview = page.context["preview"]
    sent = {
        "digest": preview.digest,
        "typed_name": applicant.name,
        **dict.fromkeys(("benefits_acknowledged", "voluntary_acknowledged", "commitment_made"), "on"),
    }
    client.post(reverse("application_review", args=[application.pk]), sent)
    signed = Application.objects.get().current_text
    assert (signed.text, signed.digest) == (preview.text, preview.digest)
    assert f"Old{NASTY}." in signed.text


# Each: who, the address, what is sent; a GET where nothing is.
ZEROS = [
    ("outsider", "/verify/?code=%00", None),
    ("outsider", "/verify/a%00b", None),
    ("outsider", "/calendar/a%00b.ics", None),
    ("outsider", "/static/a%00b.css", None),
    ("branch_officer", "/cohorts/{cohort}/applications/?q=%00a&status=%00&page=%00", None),
    ("branch_officer", "/cohorts/{cohort}/participants/?page=%00", None),
    ("supervisor", "/approvals/?q=%00a&show=%00&program=%00&division=%00&page=%00&open=%00", None),
    ("administrator", "/admin/coaching/user/?q=%00a", None),
    ("administrator", "/admin/coaching/user/?name=%00a", None),
    ("", "/accounts/login/?next=/%00", None),
    ("", "/accounts/login/", {"login": "\x00a@example.org", "password": "\x00"}),
    ("", "/accounts/password/reset/", {"email": "\x00a@example.org"}),
    ("", "/accounts/password/reset/key/1-\x00set/", None),
    ("applicant", "/people/me/", {"field": "\x00", "says": "\x00"}),
]


def status_of(client, request, who: str, address: str, data, cohort) -> int:
    if who:
        client.force_login(request.getfixturevalue(who))
    address = address.format(cohort=cohort.pk)
    client.raise_request_exception = False
    answer = client.get(address) if data is None else client.post(address, data)
    return answer.status_code


@pytest.mark.parametrize(("who", "address", "data"), ZEROS)
def test_a_zero_is_no_error(client, request, who, address, data, cohort):
    assert status_of(client, request, who, address, data, cohort) < 500


@pytest.mark.services
@pytest.mark.parametrize(("who", "address", "data"), ZEROS)
def test_a_zero_is_no_error_on_postgresql(client, request, who, address, data, cohort):
    """Which takes none into any text."""
    assert status_of(client, request, who, address, data, cohort) < 500
