"""Where this sandbox lives, from the environment, and its one memory.

SANDBOX_FILE (its SQLite file), SANDBOX_URL (where it is reached), WEBHOOK_URL and WEBHOOK_SECRET
(where it sends events, how it signs them), SANDBOX_RATE (API calls a second: Stripe's own limit in
live mode is 100, "Rate limits", but there a call takes some tenth of a second, here a thousandth).
"""

import os
from pathlib import Path

from .store import Store

store = Store(Path(os.environ.get("SANDBOX_FILE", "stripe-sandbox.sqlite3")))
BASE_URL = os.environ.get("SANDBOX_URL", "http://127.0.0.1:8420")
WEBHOOK_URL = os.environ.get("WEBHOOK_URL", "")
WEBHOOK_SECRET = os.environ.get("WEBHOOK_SECRET", "whsec_sandbox")
RATE = int(os.environ.get("SANDBOX_RATE", "1000"))
