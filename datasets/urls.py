"""Addresses of the pages about datasets."""

from django.urls import path

from datasets.views.differences import dataset_difference
from datasets.views.drafts import (
    draft_abandon,
    draft_begin,
    draft_discard,
    draft_files,
    draft_publish,
    draft_remove,
    draft_uploads,
)
from datasets.views.files import dataset_archive, dataset_download, dataset_file, dataset_picture, dataset_sound
from datasets.views.lists import dataset_new, datasets
from datasets.views.pages import dataset, dataset_version
from datasets.views.settings import (
    dataset_delete,
    dataset_grant,
    dataset_revoke,
    dataset_settings,
    dataset_version_delete,
    dataset_visibility,
)
from era_platform.common.converters import ANY_PATH

TOP = "o/<slug:org>/datasets/"
ONE = f"{TOP}<slug:owner>/<str:name>/"
VERSION = f"{ONE}versions/<str:version>/"

urlpatterns = [
    path(TOP, datasets, name="datasets"),
    path(f"{TOP}new/", dataset_new, name="dataset-new"),
    path(ONE, dataset, name="dataset"),
    path(f"{ONE}settings/", dataset_settings, name="dataset-settings"),
    path(f"{ONE}settings/visibility/", dataset_visibility, name="dataset-visibility"),
    path(f"{ONE}settings/grant/", dataset_grant, name="dataset-grant"),
    path(f"{ONE}settings/revoke/", dataset_revoke, name="dataset-revoke"),
    path(f"{ONE}settings/delete/", dataset_delete, name="dataset-delete"),
    path(f"{ONE}drafts/", draft_begin, name="draft-begin"),
    path(VERSION, dataset_version, name="dataset-version"),
    path(f"{VERSION}changes/", dataset_difference, name="dataset-difference"),
    path(f"{VERSION}archive/", dataset_archive, name="dataset-archive"),
    path(f"{VERSION}delete/", dataset_version_delete, name="dataset-version-delete"),
    path(f"{VERSION}publish/", draft_publish, name="draft-publish"),
    path(f"{VERSION}abandon/", draft_abandon, name="draft-abandon"),
    path(f"{VERSION}remove/", draft_remove, name="draft-remove"),
    path(f"{VERSION}files.ndjson", draft_files, name="draft-files"),
    path(f"{VERSION}uploads.json", draft_uploads, name="draft-uploads"),
    path(f"{VERSION}uploads/discard/", draft_discard, name="draft-discard"),
    path(f"{VERSION}file/<{ANY_PATH}:path>", dataset_file, name="dataset-file"),
    path(f"{VERSION}download/<{ANY_PATH}:path>", dataset_download, name="dataset-download"),
    path(f"{VERSION}sound/<{ANY_PATH}:path>", dataset_sound, name="dataset-sound"),
    path(f"{VERSION}pictures/<slug:side>/<{ANY_PATH}:path>", dataset_picture, name="dataset-picture"),
]
