"""From an approval to everybody's inbox: nothing lost, nothing twice.

Uses issues, readers, the models and newsroom.mail.
Begin with freezing.py, then engine.py: claim, send, finish; reconcile.py when nobody knows.
"""
