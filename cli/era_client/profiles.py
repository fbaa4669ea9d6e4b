"""Where we are signed in: addresses and tokens by name, in a file that only its owner can read."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_state_path

from era_client.errors import LocalError, NotConfigured

URL, TOKEN, PROFILE = "ERA_URL", "ERA_TOKEN", "ERA_PROFILE"
DEFAULT = "default"
PRIVATE_FOLDER = 0o700


@dataclass(frozen=True)
class Profile:
    """An address and a token; `organization` and `user` are what the platform said at sign-in, to be shown."""

    url: str
    token: str
    organization: str = ""
    user: str = ""


@dataclass(frozen=True)
class Profiles:
    """All of them, and which one counts where nothing is said."""

    current: str
    known: dict[str, Profile]


def config_file() -> Path:
    folder = os.environ.get("ERA_CONFIG_DIR")
    return (Path(folder) if folder else user_config_path("era", appauthor=False)) / "profiles.json"


def state_folder() -> Path:
    """Where it is kept what was begun and not finished."""
    folder = os.environ.get("ERA_STATE_DIR")
    return Path(folder) if folder else user_state_path("era", appauthor=False)


def load() -> Profiles:
    path = config_file()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        known = {str(name): Profile(**one) for name, one in found["profiles"].items()}
        return Profiles(str(found["current"]), known)
    except FileNotFoundError:
        return Profiles(DEFAULT, {})
    except OSError as error:
        raise LocalError(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LocalError(f"{path} is damaged.", hint="Delete it and sign in again: era login.") from error


def save(profiles: Profiles) -> Path:
    kept = {"current": profiles.current, "profiles": {name: asdict(one) for name, one in profiles.known.items()}}
    path = config_file()
    write_private(path, json.dumps(kept, indent=2) + "\n")
    return path


def private_folder(path: Path) -> None:
    """Make it and what is missing above it, for its owner alone. Raises OSError."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and readable by nobody else from its first byte on.

    On Windows the folder is the user's own; there modes don't count.
    """
    try:
        private_folder(path.parent)
        descriptor, workshop = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(workshop).replace(path)
        except BaseException:
            Path(workshop).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LocalError(f"{path} can't be written: {error.strerror}.") from error


def keep(name: str, profile: Profile) -> Path:
    """Add or replace it, and make it the one that counts."""
    known = load().known | {name: profile}
    return save(Profiles(name, known))


def forget(name: str) -> bool:
    """Whether it was there."""
    profiles = load()
    known = {each: one for each, one in profiles.known.items() if each != name}
    current = profiles.current if profiles.current in known else next(iter(known), DEFAULT)
    save(Profiles(current, known))
    return name in profiles.known


def chosen_name(name: str | None) -> str:
    return name or os.environ.get(PROFILE) or load().current


def resolve(name: str | None = None, **given: Any) -> Profile:
    """What is to be used: what is `given`, then ERA_URL and ERA_TOKEN, then the profile. Raises NotConfigured."""
    url = given.get("url") or os.environ.get(URL, "").strip()
    token = given.get("token") or os.environ.get(TOKEN, "").strip()
    if url and token:
        return Profile(url, token)
    chosen = chosen_name(name)
    profile = load().known.get(chosen)
    if profile is None:
        raise NotConfigured(_missing(chosen, url, token), hint="Sign in: era login")
    # A token goes only where its owner meant it to go: never to another address.
    if url and not token and url.rstrip("/") != profile.url.rstrip("/"):
        raise NotConfigured(
            f"ERA_URL is {url}, but the profile {chosen!r} is for {profile.url}: its token is not sent elsewhere.",
            hint="Set ERA_TOKEN too, or sign in there: era login",
        )
    return Profile(profile.url, token or profile.token, profile.organization, profile.user)


def _missing(chosen: str, url: str, token: str) -> str:
    if token or url:
        return f"{TOKEN if token else URL} is set, but neither {URL if token else TOKEN} nor a profile {chosen!r} is."
    if chosen == DEFAULT:
        return "You are not signed in."
    return f"There is no profile {chosen!r}."
