"""Addresses of the API under /api/v1/ that belong to this app."""

from django.urls import path

from era_platform.common.converters import ANY_PATH
from jobs.api.batches import BatchesView, BatchView
from jobs.api.cancellation import CancellationQuoteView
from jobs.api.outputs import KeepView, OutputsArchiveView
from jobs.api.receipts import ReceiptView
from jobs.api.records import EventList, LogView, OutputsView, OutputView, SampleList
from jobs.api.views import CancelView, CodeView, JobsView, JobView

urlpatterns = [
    path("jobs", JobsView.as_view(), name="api-jobs"),
    path("jobs/code", CodeView.as_view(), name="api-code"),
    path("jobs/batch", BatchesView.as_view(), name="api-batches"),
    path("jobs/batch/<uuid:batch_id>", BatchView.as_view(), name="api-batch"),
    path("jobs/<uuid:job_id>", JobView.as_view(), name="api-job"),
    path("jobs/<uuid:job_id>/cancel", CancelView.as_view(), name="api-job-cancel"),
    path("jobs/<uuid:job_id>/cancellation-quote", CancellationQuoteView.as_view(), name="api-job-cancellation-quote"),
    path("jobs/<uuid:job_id>/receipt", ReceiptView.as_view(), name="api-job-receipt"),
    path("jobs/<uuid:job_id>/events", EventList.as_view(), name="api-job-events"),
    path("jobs/<uuid:job_id>/samples", SampleList.as_view(), name="api-job-samples"),
    path("jobs/<uuid:job_id>/logs", LogView.as_view(), name="api-job-logs"),
    path("jobs/<uuid:job_id>/outputs", OutputsView.as_view(), name="api-job-outputs"),
    path("jobs/<uuid:job_id>/outputs/archive", OutputsArchiveView.as_view(), name="api-job-outputs-archive"),
    path("jobs/<uuid:job_id>/outputs/dataset", KeepView.as_view(), name="api-job-outputs-dataset"),
    path(f"jobs/<uuid:job_id>/outputs/<{ANY_PATH}:path>", OutputView.as_view(), name="api-job-output"),
]
