"""The product in one terminal: PostgreSQL and Redis from wheels, web, workers, sandboxes.

Uses the demo's logins and core; never runs in production.
Begin with services.py; `manage.py up` starts them.
"""
