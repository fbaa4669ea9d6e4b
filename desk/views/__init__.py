"""The desk's pages, under /admin/desk/."""
