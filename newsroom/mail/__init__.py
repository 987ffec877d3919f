"""Every mail's way out, and what providers tell us later: the outbox, templates, providers.

Uses newsroom's models and core. The issue's batches leave by subscriptions/sending.
Begin with outbox.py: a single mail from “post” to “sent”; providers/ has a module for each.
"""
