"""What pages are made of: tags, forms, rows of numbers, words, static files."""
