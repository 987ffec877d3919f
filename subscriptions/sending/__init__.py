"""From an approval to everybody's inbox: nothing lost, nothing twice.

Uses issues, readers, the models and newsroom.mail.
Begin with freezing.py, then claiming.py and engine.py; reconcile.py when nobody knows.
"""
