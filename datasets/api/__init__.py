"""Datasets in the REST API: what there is, what is in it, and files in and out by plain HTTP."""
