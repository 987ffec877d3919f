"""A made-up newsroom for the first start and for tests: articles, authors, pictures, logins.

Uses newsroom's models and live; the other apps load theirs from demo.py.
Begin with load.py.
"""
