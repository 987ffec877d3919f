"""What tests of sending share: a worker's loop, run here."""

from subscriptions import calls, delivery


def pump() -> None:
    """Send batch after batch until none may go."""
    session = calls.open_session()
    try:
        while delivery.send_next(session):
            pass
    finally:
        session.close()
