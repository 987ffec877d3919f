"""After a restore: what is held, and each decision of a person about it.

Uses hold, mail, staff, accounts.
Begin with after_restore.py.
"""
