"""Pictures at work: cut and described beside where they are chosen, found, given slow formats.

Uses models and kept_pages.
Begin with beside.py; how the files that readers get are made is in newsroom/models/image.py.
"""
