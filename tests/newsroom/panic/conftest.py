from pathlib import Path
from typing import Any

import pytest

from newsroom.closed import keys_file, state
from newsroom.panic import escrow


@pytest.fixture(autouse=True)
def _look_now() -> None:
    state.has_changed()


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    """The secrets of this world, in a file."""
    text = escrow.secrets_here()
    file = tmp_path / "keys.env"
    file.write_text(text + "STRIPE_SECRET_KEY=sk_live_1\n")
    monkeypatch.setenv("KEYS_FILE", str(file))
    assert keys_file.values(text)["BLIND_INDEX_KEY"] == settings.BLIND_INDEX_KEY
    return file
