"""The market in the REST API: pools, prices per slot, quotes."""
