"""One dataset in each state that the tenant matrix knows, and the seven people who ask for them."""

import io
import wave
from dataclasses import dataclass
from typing import Any

from django.test import Client
from PIL import Image

from datasets.models import Dataset, Version
from datasets.services import datasets, indexing, uploads
from tests.datasets.matrix import ROLES, STATES
from tests.datasets.ways import a_dataset, a_draft, digest_of, published
from tests.factories import Tenant, a_client, a_tenant, a_token, signed_in, with_token

README = b"what it is\n"
FILES = ("readme.txt", "picture.png", "sound.wav", "table.csv")
ON_ITS_WAY = "large.bin"
WORD = "zwieback"
"""Stands in what is said of each dataset."""
FOLDERS = dict(zip(STATES, ("xylophone", "quagmire", "zeppelin", "jodhpurs", "flugelhorn"), strict=True))
"""Words that stand in the paths of one dataset's files, and nowhere else."""


@dataclass(frozen=True)
class Place:
    """A dataset, and the version of it that is asked for."""

    dataset: Dataset
    version: Version

    @property
    def called(self) -> str:
        return str(self.version.number or self.version.pk)


@dataclass(frozen=True)
class World:
    owners: Tenant
    friends: Tenant
    strangers: Tenant
    places: dict[str, Place]
    clients: dict[tuple[str, str], Client]
    """By channel and role."""
    tokens: dict[str, str]

    def tenant(self, role: str) -> Tenant:
        if role in ("anonymous", "outsider"):
            return self.strangers
        return self.friends if role.startswith("granted") else self.owners

    def parts(self, role: str, state: str) -> dict[str, Any]:
        """What goes into an address."""
        place = self.places[state]
        return {
            "org": self.tenant(role).slug,
            "owner": self.owners.slug,
            "name": place.dataset.name,
            "version": place.called,
            "path": "readme.txt",
            "slug": self.friends.slug,
            "side": "thumbnail",
        }


def a_world() -> World:
    owners, friends, strangers = (a_tenant(name, credits=10_000) for name in ("owners", "friends", "strangers"))
    places = {state: _a_place(owners, friends, state) for state in STATES}
    indexing.index_due()  # as is done in the background after each publication
    people = {
        "outsider": (strangers, "owner"),
        "granted viewer": (friends, "viewer"),
        "granted member": (friends, "member"),
        **{role: (owners, role) for role in ("viewer", "member", "owner")},
    }
    assert [*people] == [role for role in ROLES if role != "anonymous"]
    persons = {role: (getattr(tenant, name), tenant.organization) for role, (tenant, name) in people.items()}
    tokens = {role: a_token(*person) for role, person in persons.items()}
    clients = {("api", role): with_token(token) for role, token in tokens.items()}
    clients |= {("page", role): signed_in(person) for role, (person, _organization) in persons.items()}
    clients |= {(channel, "anonymous"): a_client() for channel in ("api", "page")}
    return World(owners, friends, strangers, places, clients, tokens)


def _a_place(owners: Tenant, friends: Tenant, state: str) -> Place:
    visibility = {"private": "private", "shared": "shared"}.get(state, "public")
    dataset = a_dataset(
        owners, f"{state}-one", visibility=visibility, description=f"{WORD} of {state}", tags=[f"t-{state}"]
    )
    datasets.grant(actor=owners.owner, dataset=dataset, slug=friends.slug)
    if state == "draft":
        draft = a_draft(owners, dataset, files_of(state))
        uploads.open(actor=owners.member, version=draft, path=ON_ITS_WAY, size=100)
        return Place(dataset, draft)
    published(owners, dataset, {"readme.txt": b"the first\n"})
    place = Place(dataset, published(owners, dataset, files_of(state)))
    if state == "deleted":
        datasets.delete(actor=owners.owner, dataset=dataset)
    return place


def files_of(state: str) -> dict[str, bytes]:
    return {
        "readme.txt": README,
        "picture.png": _a_picture(),
        "sound.wav": _a_sound(),
        f"{FOLDERS[state]}/table.csv": b"a,b\n1,2\n",
    }


def _a_picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, "PNG")
    return out.getvalue()


def _a_sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return out.getvalue()


README_DIGEST = digest_of(README)
