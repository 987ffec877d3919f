"""Who works here, what each may do, and the mails to them.

Uses mail, newsroom's models and core; permissions of other apps by name.
Begin with roles.py: the table of groups.
"""
