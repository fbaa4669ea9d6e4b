"""Addresses of the pages about jobs."""

from django.urls import path

from era_platform.common.converters import ANY_PATH
from jobs.views.batches import batch, sweep_new
from jobs.views.detail import job, job_cancel, job_log
from jobs.views.files import job_archive, job_file, job_output, job_picture, job_sound
from jobs.views.keep import job_keep
from jobs.views.lists import jobs, reservations
from jobs.views.new import job_new
from jobs.views.overview import overview
from jobs.views.price import job_price

urlpatterns = [
    path("o/<slug:org>/", overview, name="overview"),
    path("o/<slug:org>/jobs/", jobs, name="jobs"),
    path("o/<slug:org>/jobs/new/", job_new, name="job-new"),
    path("o/<slug:org>/jobs/sweep/", sweep_new, name="sweep-new"),
    path("o/<slug:org>/batches/<uuid:batch_id>/", batch, name="batch"),
    path("o/<slug:org>/jobs/<uuid:job_id>/", job, name="job"),
    path("o/<slug:org>/jobs/<uuid:job_id>/price/", job_price, name="job-price"),
    path("o/<slug:org>/jobs/<uuid:job_id>/cancel/", job_cancel, name="job-cancel"),
    path("o/<slug:org>/jobs/<uuid:job_id>/keep/", job_keep, name="job-keep"),
    path("o/<slug:org>/jobs/<uuid:job_id>/log/", job_log, name="job-log"),
    path(f"o/<slug:org>/jobs/<uuid:job_id>/outputs/<{ANY_PATH}:path>", job_output, name="job-output"),
    path(f"o/<slug:org>/jobs/<uuid:job_id>/files/<{ANY_PATH}:path>", job_file, name="job-file"),
    path(f"o/<slug:org>/jobs/<uuid:job_id>/sounds/<{ANY_PATH}:path>", job_sound, name="job-sound"),
    path(f"o/<slug:org>/jobs/<uuid:job_id>/pictures/<slug:side>/<{ANY_PATH}:path>", job_picture, name="job-picture"),
    path("o/<slug:org>/jobs/<uuid:job_id>/archive/", job_archive, name="job-archive"),
    path("o/<slug:org>/pools/<slug:slug>/reservations/", reservations, name="pool-reservations"),
]
