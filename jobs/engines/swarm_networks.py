"""Overlay networks: one for each organization whose jobs asked for it, one for each job of several nodes."""

from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from docker.errors import APIError, NotFound

from docker import DockerClient
from era_platform.common import clock
from jobs.engines.swarm_times import moment

LABEL = "era.network"
UNUSED = timedelta(minutes=1)  # a network younger than this may have its service still coming


def of_organization(organization_id: int) -> str:
    return f"era-organization-{organization_id}"


def of_instance(name: str) -> str:
    """For the nodes of one job, which nobody else is on."""
    return f"{name}-nodes"


def ensure(client: DockerClient, name: str) -> str:
    """The id of the network of this name, made where there is none. It leads to nothing else, unless that is allowed.

    Names of overlay networks are unique in a Swarm, so that two who make one at the same time make one.
    """
    with suppress(NotFound):
        return str(client.networks.get(name).id)
    try:
        made = client.networks.create(name, driver="overlay", internal=not settings.ERA_JOB_OUTSIDE, labels={LABEL: ""})
    except APIError as error:
        if error.status_code != 409:
            raise
        made = client.networks.get(name)
    return str(made.id)


def sweep(client: DockerClient) -> None:
    """Remove networks that no service uses. Docker refuses where one still does."""
    for network in client.networks.list(filters={"label": LABEL}):
        if clock.now() - moment(network.attrs["Created"]) > UNUSED:
            with suppress(APIError):
                network.remove()
