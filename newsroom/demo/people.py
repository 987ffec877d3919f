"""The made-up staff: who logs in, who writes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Login:
    username: str
    role: str
    group: str | None  # None: may do everything


LOGINS = [
    Login("writer", "a writer: their own articles, which they hand in", "Writers"),
    Login("editor", "an editor: articles and newsletters", "Editors"),
    Login("finance", "a finance officer: contributions and appeals", "Finance"),
    Login("admin", "an administrator: everything", None),
]

AUTHORS = [
    ("Irena Volkova", "Politics"),
    ("Tomas Herrick", "Economy editor"),
    ("Salome Aridze", "Reporter"),
    ("Jonas Lind", "Culture"),
    ("Mira Osman", "Data reporter"),
    ("The Night Desk", "Several of us, who can't sign"),
]
