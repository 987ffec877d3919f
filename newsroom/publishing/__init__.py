"""What readers see of articles besides the pages themselves: feeds, sitemap, files, reads.

Uses newsroom's models and mail.
Begin with newsroom/models/article/page.py, then views.py.
"""
