"""From an empty database to a newsroom's own site: what makes it, and the steps that then are left.

Uses newsroom's models, staff, core, and of the demo how the site learns its address.
Begin with site.py.
"""
