"""Jobs, their attempts, events and samples, and the code they were submitted with."""

from jobs.models.attempts import Attempt, Sample
from jobs.models.batches import Batch
from jobs.models.code import CodeArchive
from jobs.models.jobs import Job, JobEvent

__all__ = ["Attempt", "Batch", "CodeArchive", "Job", "JobEvent", "Sample"]
