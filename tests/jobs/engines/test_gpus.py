"""Which GPUs an instance has, and what nvidia-smi says of them. There are none here: its words are from its manual."""

from jobs.engines import gpus
from jobs.engines.gpus import Gpu

SAID = """0, GPU-4ba30b1e-d2ad, 97, 31245
1, GPU-7c0e22aa-1f01, 3, 10
2, GPU-9d000000-0000, [N/A], 10
"""


def test_use_and_memory_are_read_and_a_gpu_that_cannot_tell_is_left_out() -> None:
    assert list(gpus.parse(SAID.splitlines())) == [
        Gpu("0", "GPU-4ba30b1e-d2ad", 97.0, 31245 * 2**20),
        Gpu("1", "GPU-7c0e22aa-1f01", 3.0, 10 * 2**20),
    ]


def test_a_container_has_those_that_the_swarm_named_to_it() -> None:
    known = list(gpus.parse(SAID.splitlines()))
    assert gpus.given_to(["PATH=/bin", "DOCKER_RESOURCE_NVIDIA-GPU=GPU-7c0e22aa"], known) == known[1:]
    assert gpus.given_to(["DOCKER_RESOURCE_NVIDIA-GPU=GPU-4ba30b1e,GPU-7c0e22aa"], known) == known
    assert gpus.given_to(["DOCKER_RESOURCE_NVIDIA-GPU=0"], known) == known[:1]
    assert gpus.given_to(["PATH=/bin"], known) == []


def test_where_there_is_no_nvidia_smi_there_are_no_gpus() -> None:
    assert isinstance(gpus.look(), list)
