"""Pulls an image through one node's Docker: it may take as long as it will while something comes, and no longer."""

import json

from django.conf import settings
from docker.auth import get_config_header, resolve_repository_name
from docker.errors import APIError
from docker.utils import parse_repository_tag

from docker import DockerClient


def pull_image(client: DockerClient, name: str) -> None:
    """Raises APIError where nobody has it, and requests' or urllib3's own error where nothing comes any more.

    docker's own call waits for ever: a registry that stalls in the middle would hold it until it ends.
    """
    registry, _ = resolve_repository_name(name)
    credentials = get_config_header(client.api, registry)
    repository, tag = parse_repository_tag(name)
    answer = client.api.post(
        f"{client.api.base_url}/images/create",
        params={"fromImage": repository, "tag": tag or "latest"},
        headers={"X-Registry-Auth": credentials} if credentials else {},
        stream=True,
        timeout=settings.ERA_STAGING_STALL_SECONDS,
    )
    with answer:
        if not answer.ok:
            raise APIError(answer.text.strip(), answer, _message(answer.text))
        for line in answer.iter_lines():
            if "error" in (said := json.loads(line)):
                raise APIError(said["error"], answer, said["error"])


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError):
        return text.strip()
