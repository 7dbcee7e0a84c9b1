import pytest
from django.core.management import CommandError, call_command

from coaching.models import AuditEvent, User

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setenv("ADMIN_EMAIL", "First.Admin@example.org")
    monkeypatch.setenv("ADMIN_NAME", "First Admin")
    monkeypatch.setenv("ADMIN_PASSWORD", "a-long-enough-phrase")
    return monkeypatch


def test_first_administrator_is_made_from_the_environment(environment, capsys):
    call_command("create_administrator")
    user = User.objects.get()
    assert (user.email, user.name, user.is_staff, user.is_superuser) == (
        "first.admin@example.org",
        "First Admin",
        True,
        True,
    )
    assert user.check_password("a-long-enough-phrase")
    assert AuditEvent.objects.get().object_id == user.pk
    assert capsys.readouterr().out == "First Admin can sign in as first.admin@example.org.\n"


def test_second_call_makes_nobody(environment, capsys):
    call_command("create_administrator")
    environment.setenv("ADMIN_EMAIL", "second@example.org")
    call_command("create_administrator")
    assert User.objects.count() == 1
    assert "The administrator is First Admin (first.admin@example.org)." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("ADMIN_EMAIL", "", "ADMIN_EMAIL is missing: set it, or run this in a terminal."),
        ("ADMIN_EMAIL", "nobody", "Enter a valid email address."),
        ("ADMIN_NAME", " ", "ADMIN_NAME is missing: set it, or run this in a terminal."),
        ("ADMIN_PASSWORD", "short", "This password is too short. It must contain at least 12 characters."),
    ],
)
def test_wrong_or_missing_value_is_refused(environment, variable, value, message):
    environment.setenv(variable, value)
    with pytest.raises(CommandError) as refusal:
        call_command("create_administrator")
    assert str(refusal.value) == message
    assert not User.objects.exists()


def test_database_of_the_demo_is_refused(environment):
    User.objects.create_user("admin@demo.example", name="Demo Admin", is_superuser=True)
    with pytest.raises(CommandError, match=r"holds the demo's people. Begin with another one"):
        call_command("create_administrator")
    assert User.objects.count() == 1
