"""Addresses of the API under /api/v1/ that belong to this app."""

from django.urls import path

from datasets.api.archives import ArchiveView
from datasets.api.datasets import DatasetsView, DatasetView, GrantsView, GrantView
from datasets.api.files import FilesView, FileView, RemovalView
from datasets.api.versions import DiffView, ManifestView, PublishView, VersionsView, VersionView
from era_platform.common.converters import ANY_PATH

DATASET = "datasets/<str:owner>/<str:name>"
VERSION = f"{DATASET}/versions/<str:version>"

urlpatterns = [
    path("datasets", DatasetsView.as_view(), name="api-datasets"),
    path(DATASET, DatasetView.as_view(), name="api-dataset"),
    path(f"{DATASET}/grants", GrantsView.as_view(), name="api-dataset-grants"),
    path(f"{DATASET}/grants/<str:slug>", GrantView.as_view(), name="api-dataset-grant"),
    path(f"{DATASET}/versions", VersionsView.as_view(), name="api-dataset-versions"),
    path(VERSION, VersionView.as_view(), name="api-dataset-version"),
    path(f"{VERSION}/publish", PublishView.as_view(), name="api-dataset-publish"),
    path(f"{VERSION}/remove", RemovalView.as_view(), name="api-dataset-remove"),
    path(f"{VERSION}/files", FilesView.as_view(), name="api-dataset-files"),
    path(f"{VERSION}/files/<{ANY_PATH}:path>", FileView.as_view(), name="api-dataset-file"),
    path(f"{VERSION}/archive", ArchiveView.as_view(), name="api-dataset-archive"),
    path(f"{VERSION}/diff", DiffView.as_view(), name="api-dataset-diff"),
    path(f"{VERSION}/manifest", ManifestView.as_view(), name="api-dataset-manifest"),
]
