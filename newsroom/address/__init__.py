"""The one address of the site, ``BASE_URL``: what follows it, and what would contradict it.

Uses the pages' site and masthead.
Begin with ``site.py``.
"""
