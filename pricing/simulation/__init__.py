"""What a pool would have sold on a recorded trace of jobs, under different policies. No database.

Kernel, book and forecast are the portal's own. `manage.py simulate`; results in docs/scheduling.md.
"""
