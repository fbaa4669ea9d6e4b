"""The wallet as page and API show it: exact decimal strings, history in pages, one's own only."""

from uuid import uuid4

import pytest
from django_scopes import scope

from accounts.services import ledger, wallets
from era_platform.common.money import MICRO
from tests.factories import Tenant

WALLET, TRANSFERS = "/api/v1/wallet", "/api/v1/wallet/transfers"


@pytest.fixture
def spent(ours: Tenant, theirs: Tenant) -> Tenant:
    """Ours, with 12.5 credits held, of which 2.000001 are paid."""
    with scope(organization=ours.organization):
        wallet = ledger.lock_wallet(ours.organization)
        held = ledger.hold(wallet, 12_500_000, reference=uuid4(), actor=ours.member)
        ledger.capture(held, 2_000_001)
    return ours


def test_amounts_are_decimal_strings(spent: Tenant) -> None:
    assert spent.api("viewer").get(WALLET).json() == {
        "balance": "97.999999",
        "held": "10.499999",
        "available": "87.50",
        "credit_limit": "0.00",
    }


def test_transfers_come_newest_first(spent: Tenant) -> None:
    answer = spent.api("viewer").get(TRANSFERS).json()
    assert answer["next"] is None
    told = [(row["kind"], row["amount"], row["change"]) for row in answer["results"]]
    assert told == [("capture", "2.000001", "0.00"), ("hold", "12.50", "-12.50"), ("top_up", "100.00", "100.00")]
    assert answer["results"][0]["job"] == answer["results"][1]["job"]
    assert answer["results"][0]["at"].endswith("Z")


def test_transfers_can_be_filtered(spent: Tenant) -> None:
    api = spent.api()
    job = api.get(TRANSFERS).json()["results"][0]["job"]
    assert len(api.get(TRANSFERS, {"job": job}).json()["results"]) == 2
    assert len(api.get(TRANSFERS, {"kind": "top_up"}).json()["results"]) == 1
    assert api.get(TRANSFERS, {"kind": "theft"}).json()["field"] == "kind"
    assert api.get(TRANSFERS, {"job": "x"}).status_code == 400


def test_pages_give_every_transfer_once_while_more_come_in(ours: Tenant) -> None:
    for number in range(1, 8):
        wallets.top_up(actor=None, organization=ours.organization, amount=number * MICRO)
    api, seen, address = ours.api(), [], f"{TRANSFERS}?page_size=3"
    while address:
        page = api.get(address).json()
        seen += [row["amount"] for row in page["results"]]
        address = page["next"]
        wallets.top_up(actor=None, organization=ours.organization, amount=99 * MICRO)
    assert seen == ["7.00", "6.00", "5.00", "4.00", "3.00", "2.00", "1.00", "100.00"]


def test_the_page_shows_the_same(spent: Tenant) -> None:
    page = spent.client("viewer").get(spent.page("wallet/")).content.decode()
    assert "87.50" in page
    assert "12.50" in page


def test_the_page_goes_on_to_older_transfers(ours: Tenant) -> None:
    for _ in range(55):
        wallets.top_up(actor=None, organization=ours.organization, amount=MICRO)
    client, address = ours.client(), ours.page("wallet/")
    first = client.get(address)
    second = client.get(address, {"cursor": first.context["next_cursor"]})
    assert [len(page.context["transfers"]) for page in (first, second)] == [50, 6]
    assert second.context["next_cursor"] == ""
    assert client.get(address, {"cursor": "nonsense"}).status_code == 400
