"""Several instances of one attempt, one a node: what each gets, what they are told, what they come to together."""

from dataclasses import replace
from datetime import datetime

from jobs.engines.base import EndReason, Instance, InstanceSpec, Phase

MASTER_PORT = 29500  # what torchrun takes if not told otherwise
_OVER = (Phase.EXITED, Phase.LOST)


def member_names(name: str, nodes: int) -> list[str]:
    """The first has the name of the whole."""
    return [name, *(f"{name}-r{rank}" for rank in range(1, nodes))]


def share(spec: InstanceSpec) -> InstanceSpec:
    """What one of them gets: an equal part of all that was sold."""
    nodes = spec.nodes
    return replace(
        spec,
        units=spec.units // nodes,
        cpus=spec.cpus / nodes,
        memory_mib=spec.memory_mib // nodes,
        gpus=spec.gpus // nodes,
    )


def told(spec: InstanceSpec, master: str) -> dict[str, str]:
    """Who takes part, by the names of the platform, of torch.distributed's `env://` and of torchrun's own options
    (`PET_…`). Each finds its own rank beside them: the runner sets it."""
    if spec.nodes == 1:
        return {}
    count, port = str(spec.nodes), str(MASTER_PORT)
    return {
        "ERA_NODE_COUNT": count,
        "MASTER_ADDR": master,
        "MASTER_PORT": port,
        "WORLD_SIZE": count,
        "LOCAL_RANK": "0",
        "LOCAL_WORLD_SIZE": "1",
        "PET_NNODES": count,
        "PET_MASTER_ADDR": master,
        "PET_MASTER_PORT": port,
    }


def together(name: str, members: list[Instance]) -> Instance:
    """All of them as one, on all their nodes and in all their containers."""
    nodes = dict.fromkeys(node for member in members for node in member.nodes)
    containers = tuple(container for member in members for container in member.containers)
    return replace(_come_to(name, members), nodes=tuple(nodes), containers=containers)


def _come_to(name: str, members: list[Instance]) -> Instance:
    """Running while one runs, lost with the first that is lost, failed as the first that failed."""
    begun = min((member.started_at for member in members if member.started_at), default=None)
    failed = [
        member for member in members if member.phase is Phase.EXITED and member.reason is EndReason.EXITED
        and member.exit_code
    ]  # fmt: skip
    lost = [member for member in members if member.phase is Phase.LOST]
    if lost and not failed:
        return Instance(name, Phase.LOST, begun, detail=_said(members, lost))
    if all(member.phase in _OVER for member in members):
        return _ended(name, members, failed, begun)
    if begun:
        return Instance(name, Phase.RUNNING, begun)
    return Instance(name, Phase.CREATED, detail=_said(members, members))


def _ended(name: str, members: list[Instance], failed: list[Instance], begun: datetime | None) -> Instance:
    ended = [member for member in members if member.ended_at]
    last = max(member.ended_at for member in ended if member.ended_at)
    if failed:
        first = min(failed, key=lambda member: str(member.ended_at))
        detail = f"Rank {members.index(first)} failed first." if len(members) > 1 else ""
        return Instance(name, Phase.EXITED, begun, last, first.exit_code, first.reason, detail)
    worst = max(ended, key=lambda member: (member.reason is not EndReason.EXITED, member.exit_code or 0))
    return Instance(name, Phase.EXITED, begun, last, worst.exit_code, worst.reason)


def _said(members: list[Instance], speaking: list[Instance]) -> str:
    return "; ".join(f"rank {members.index(one)}: {one.detail}" for one in speaking if one.detail)
