"""Images by name: whether somebody has one, and how the nodes find it without asking a registry again."""

from django.utils.translation import gettext as _
from docker.errors import APIError, ImageNotFound

from docker import DockerClient
from jobs.engines.base import ImageError
from jobs.engines.pulling import pull_image


def full_name(client: DockerClient, image: str) -> str:
    """The name with its tag and the digest that a registry has for it now, so that all nodes run the same and a tag
    that is moved later changes nothing. Raises ImageError where neither this machine nor a registry has it.

    An image that only this machine has stays without a digest.
    """
    name = _with_tag(image)
    try:
        found = client.images.get(name)
    except ImageNotFound:
        return _pinned(name, _digest_now(client, name))
    except APIError as error:
        raise _not_there(name, error) from error
    digests = found.attrs.get("RepoDigests") or []
    known = next((digest for digest in digests if digest.startswith(_repository(name) + "@")), "")
    if not known:
        return name
    try:
        return _pinned(name, _digest_now(client, name))
    except ImageError:  # the registry is away, and we have what it had
        return _pinned(name, known.partition("@")[2])


def _digest_now(client: DockerClient, name: str) -> str:
    try:
        return str(client.images.get_registry_data(name).id)
    except APIError as error:
        raise _not_there(name, error) from error


def _pinned(name: str, digest: str) -> str:
    return name if "@" in name else f"{name}@{digest}"


def pull(client: DockerClient, image: str) -> None:
    """Bring it to this machine if it isn't there."""
    name = _with_tag(image)
    try:
        client.images.get(name)
    except ImageNotFound:
        try:
            pull_image(client, name)
        except APIError as error:
            raise _not_there(name, error) from error


def reference(client: DockerClient, image: str) -> str:
    """What the service names. Swarm's nodes ask a registry at each start, and wait some 15 s where there is none,
    unless the image is named by digest and there already."""
    name = _with_tag(image)
    if "@" in name:
        return name
    try:
        found = client.images.get(name)
    except ImageNotFound:
        return name
    if digests := found.attrs.get("RepoDigests"):
        return str(next((digest for digest in digests if digest.startswith(_repository(name) + "@")), digests[0]))
    return str(found.id)


def _repository(name: str) -> str:
    """`registry:5000/team/name` of `registry:5000/team/name:tag@sha256:…`."""
    path, slash, last = name.partition("@")[0].rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}"


def _with_tag(image: str) -> str:
    last = image.rpartition("/")[2]
    return image if ":" in last or "@" in last else f"{image}:latest"


def _not_there(name: str, error: APIError) -> ImageError:
    reason = (error.explanation or str(error)).strip()
    return ImageError(
        _("There is no image “%(name)s” on the cluster, and no registry gave it (%(reason)s). Check its name and tag.")
        % {"name": name, "reason": reason}
    )
