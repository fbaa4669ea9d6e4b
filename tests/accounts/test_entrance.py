"""Signing up, in and out, a forgotten password, a second factor: the whole way by a browser without scripts."""

import re
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.selectors import memberships_of
from tests.factories import PASSWORD, a_user, signed_in

pytestmark = pytest.mark.django_db
NEW = "ada@example.com"


def sign_up(client: Client, email: str = NEW, password: str = PASSWORD) -> int:
    return client.post("/accounts/signup/", {"email": email, "password1": password}).status_code


def sign_in(client: Client, email: str = NEW, password: str = PASSWORD) -> int:
    return client.post("/accounts/login/", {"login": email, "password": password}).status_code


def is_in(client: Client) -> bool:
    return "login" not in client.get("/")["Location"]


def confirm_address(client: Client) -> None:
    """Follow the link that was mailed."""
    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert link
    assert client.post(link[1]).status_code == 302


def set_up_second_factor() -> tuple[Client, str]:
    """Somebody with an authenticator app; its secret."""
    client = Client()
    sign_up(client)
    confirm_address(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)}).status_code == 302
    return client, secret


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_who_signs_up_is_in_and_has_an_organization() -> None:
    client = Client()
    assert sign_up(client) == 302
    assert client.get("/")["Location"] == "/o/ada/"
    assert memberships_of(User.objects.get(email=NEW))[0].role == "owner"


@pytest.mark.parametrize("password", ["short", "12345678901", "password123", NEW])
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    assert sign_up(Client(), password=password) == 200
    assert not User.objects.exists()


def test_signing_up_twice_leaves_one_account() -> None:
    a_user(NEW)
    client = Client()
    assert sign_up(client, NEW.upper()) == 200
    assert not is_in(client)
    assert User.objects.count() == 1


def test_where_addresses_are_confirmed_nobody_learns_who_has_an_account(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    a_user(NEW)
    known, unknown = (
        Client().post("/accounts/signup/", {"email": email, "password1": PASSWORD})
        for email in (NEW, "other@example.com")
    )
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [message.to for message in mail.outbox] == [[NEW], ["other@example.com"]]


def test_where_addresses_are_confirmed_the_mailed_link_opens_the_door(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client = Client()
    sign_up(client)
    assert not is_in(client)
    confirm_address(client)
    sign_in(client)
    assert is_in(client)


def test_who_knows_the_password_gets_in_and_out_again() -> None:
    a_user(NEW)
    client = Client()
    assert sign_in(client, NEW.upper()) == 302
    assert is_in(client)
    client.post("/accounts/logout/")
    assert not is_in(client)


@pytest.mark.parametrize(("email", "password"), [(NEW, "wrong"), ("nobody@example.com", PASSWORD), (NEW, "")])
def test_nobody_else_does(email: str, password: str) -> None:
    a_user(NEW)
    client = Client()
    assert sign_in(client, email, password) == 200
    assert not is_in(client)


def test_who_is_shut_out_stays_out() -> None:
    User.objects.filter(pk=a_user(NEW).pk).update(is_active=False)
    client = Client()
    sign_in(client)
    assert not is_in(client)


def test_signing_in_leads_where_one_wanted_to_go() -> None:
    a_user(NEW)
    answer = Client().post("/accounts/login/?next=/o/ada/wallet/", {"login": NEW, "password": PASSWORD})
    assert answer["Location"] == "/o/ada/wallet/"
    elsewhere = Client().post("/accounts/login/?next=https://evil.example/", {"login": NEW, "password": PASSWORD})
    assert elsewhere["Location"] == "/"


def test_a_forgotten_password_is_replaced_by_the_link_that_was_mailed() -> None:
    a_user(NEW)
    client = Client()
    client.post("/accounts/password/reset/", {"email": NEW})
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    form = client.get(link[1])["Location"]
    assert (
        client.post(form, {"password1": "a new and better one", "password2": "a new and better one"}).status_code == 302
    )
    assert sign_in(Client(), password=PASSWORD) == 200
    assert sign_in(Client(), password="a new and better one") == 302


def test_the_link_for_a_new_password_works_once() -> None:
    a_user(NEW)
    Client().post("/accounts/password/reset/", {"email": NEW})
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    client = Client()
    form = client.get(link[1])["Location"]
    client.post(form, {"password1": "a new and better one", "password2": "a new and better one"})
    assert Client().get(link[1]).status_code == 200  # the page that says it no longer works
    assert sign_in(Client(), password="a new and better one") == 302


def test_a_reset_does_not_tell_who_has_an_account() -> None:
    a_user(NEW)
    known, unknown = (
        Client().post("/accounts/password/reset/", {"email": email}) for email in (NEW, "nobody@example.com")
    )
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_with_a_second_factor_the_password_alone_opens_nothing() -> None:
    set_up_second_factor()
    client = Client()
    assert sign_in(client) == 302
    assert not is_in(client)
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert not is_in(client)


def test_with_password_and_code_one_is_in() -> None:
    _client, secret = set_up_second_factor()
    client = Client()
    sign_in(client)
    cache.clear()  # the code that set it up was used, and no code works twice
    assert client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)}).status_code == 302
    assert is_in(client)


def test_operators_need_their_second_factor_too() -> None:
    set_up_second_factor()
    User.objects.update(is_staff=True, is_superuser=True)
    client = Client()
    answer = client.post("/admin/login/", {"username": NEW, "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/login/")
    sign_in(client)
    assert client.get("/admin/").status_code == 302


def test_a_recovery_code_opens_once_where_the_second_factor_is_lost() -> None:
    client, _secret = set_up_second_factor()
    recovery = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"][0]
    for works in (True, False):
        client = Client()
        sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": recovery})
        assert is_in(client) is works


def test_an_address_that_is_not_confirmed_cannot_be_locked_by_a_second_factor() -> None:
    client = Client()
    sign_up(client)
    assert client.get("/accounts/2fa/totp/activate/")["Location"] == "/accounts/2fa/"


@pytest.mark.parametrize(
    "page",
    ["password/change/", "email/", "2fa/", "2fa/totp/activate/", "logout/", "reauthenticate/", "password/set/"],
)
def test_the_pages_about_ones_own_account_open(page: str) -> None:
    a_user(NEW)
    client = Client()
    sign_in(client)
    assert client.get(f"/accounts/{page}").status_code in (200, 302)


@pytest.mark.parametrize("page", ["login/", "signup/", "password/reset/", "password/reset/done/", "confirm-email/"])
def test_the_pages_at_the_door_open(page: str) -> None:
    assert Client().get(f"/accounts/{page}").status_code == 200


def test_a_form_from_elsewhere_is_refused_with_a_page() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(a_user(NEW))
    answer = client.post("/organizations/new/", {"name": "x", "slug": "x"})
    assert answer.status_code == 403
    assert "Load the page again" in answer.content.decode()


def test_pages_send_who_is_not_signed_in_to_sign_in() -> None:
    a_user(NEW)
    answer = Client().get("/o/ada/wallet/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/o/ada/wallet/")
    assert signed_in(User.objects.get(email=NEW)).get("/o/ada/wallet/").status_code == 200
