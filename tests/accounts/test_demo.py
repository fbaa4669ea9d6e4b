"""What an empty embedded installation begins with, made once."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.services.demo import ensure_people
from tests.factories import a_token


@pytest.mark.django_db
def test_demo_people_are_made_once_and_can_begin() -> None:
    for _start in range(2):
        demo = ensure_people()
    user = User.objects.get(email="demo@example.com")
    answer = Client(headers={"Authorization": f"Bearer {a_token(user, demo)}"}).get("/api/v1/wallet")
    assert (demo.slug, answer.json()["available"]) == ("demo", "1000.00")
    assert Client().login(email="demo@example.com", password="demo")
    assert User.objects.get(email="operator@example.com").is_staff
    assert User.objects.count() == 2
