"""The ground that every room stands on: secrets, tokens, jobs, the clock, logs.

Uses Django, PostgreSQL and Redis, and nothing else of ours.
Begin with privacy.py: what a stolen database must not tell.
"""
