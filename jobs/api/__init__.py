"""Jobs in the REST API: submit, look, cancel, read logs, fetch outputs."""
