"""Looks into files that strangers made: a program of its own, started for one file and shut in before it reads it.

`python -m datasets.previews KIND` reads the file on its standard input and writes JSON, or a picture as WebP, to its
standard output. Nothing here knows Django, the database, or where files lie.
"""
