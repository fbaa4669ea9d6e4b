"""Tags of the pages about datasets and files."""
