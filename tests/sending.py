"""What tests of sending share: a worker's loop, run here."""

from collections import Counter

from subscriptions.sending import engine, transports


def send_all() -> None:
    """Send batch after batch until none may go."""
    transport = transports.open_transport()
    try:
        while engine.send_next(transport):
            pass
    finally:
        transport.close()


def received(inbox, addresses: list[str]) -> Counter:
    return Counter({address: len(inbox.to(address)) for address in addresses})
