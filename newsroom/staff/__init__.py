"""Who works here, and what each may do.

Uses newsroom's models and core; permissions of other apps by name.
Begin with roles.py: the table of groups.
"""
