"""What comes back: bounces, complaints, proof of delivery, clicks by link.

Uses sending, readers and the models; knows nothing of the desk.
Begin with feedback.py: a provider's event.
"""
