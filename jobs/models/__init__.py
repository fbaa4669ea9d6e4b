"""Jobs, their attempts, events and samples, the code they were submitted with, and the nodes they run on."""

from jobs.models.agents import Agent, Staging
from jobs.models.attempts import Attempt, Sample
from jobs.models.batches import Batch
from jobs.models.code import CodeArchive
from jobs.models.jobs import Job, JobEvent
from jobs.models.nodes import Node

__all__ = ["Agent", "Attempt", "Batch", "CodeArchive", "Job", "JobEvent", "Node", "Sample", "Staging"]
