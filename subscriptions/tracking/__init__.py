"""What comes back: bounces, complaints, proof of delivery, clicks by link.

Uses sending, readers and the models; knows nothing of the desk.
Begin with inbox.py, where a provider's events come in; following.py is the job behind it.
"""
