"""Jobs, their attempts, events and samples, the code and the datasets they read, and the nodes they run on."""

from jobs.models.agents import Agent, Staging
from jobs.models.attempts import Attempt, Container, Placement, Sample
from jobs.models.batches import Batch
from jobs.models.code import CodeArchive
from jobs.models.datasets import JobDataset
from jobs.models.jobs import Job, JobEvent
from jobs.models.marks import EventMark
from jobs.models.nodes import Node

__all__ = [
    "Agent",
    "Attempt",
    "Batch",
    "CodeArchive",
    "Container",
    "EventMark",
    "Job",
    "JobDataset",
    "JobEvent",
    "Node",
    "Placement",
    "Sample",
    "Staging",
]
