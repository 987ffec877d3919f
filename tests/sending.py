"""What tests of sending share: a worker's loop, run here."""

from subscriptions.sending import engine, transports


def pump() -> None:
    """Send batch after batch until none may go."""
    session = transports.open_session()
    try:
        while engine.send_next(session):
            pass
    finally:
        session.close()
