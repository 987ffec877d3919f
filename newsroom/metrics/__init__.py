"""What a newsroom's machines say of themselves: numbers to draw and to be woken by, of nobody.

Uses what is in PostgreSQL and Redis, asked when Prometheus asks us; each app tells its own.
Begin with ``exposition.py``; requests are counted in ``requests.py``.
"""
