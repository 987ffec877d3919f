"""``manage.py doctor``: a deployment looked at from inside, in plain words.

Uses every room but the local servers; other apps add their checks with the hook ``doctor``.
Begin with ``table.py``; ``examination.py`` makes the checks.
"""
