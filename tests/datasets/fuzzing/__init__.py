"""Made-up archives, names and headers, changed at random from valid ones, for the API of datasets."""
