"""What answers are made of: stored objects, lists, and objects in place of their ids."""

from typing import Any

from .contract import Refused
from .objects import Object
from .store import store


def expand(data: Object, paths: list[str]) -> Object:
    """Put whole objects in place of ids ("Expanding Responses")."""
    for dotted in paths:
        _expand(data, dotted.split("."), dotted)
    return data


def _expand(data: Any, names: list[str], dotted: str) -> None:
    name, *rest = names
    if isinstance(data, list):
        for item in data:
            _expand(item, names, dotted)
        return
    if not isinstance(data, dict) or name not in data:
        raise Refused(f"This property cannot be expanded ({dotted}).", "expand")
    if name == "payments" and data["object"] == "invoice":
        payments = [one for one in store.all("invoice_payment") if one["invoice"] == data["id"]]
        data[name] = listed(payments, "/v1/invoice_payments")
    if isinstance(data[name], str) and (found := store.get(data[name])):
        data[name] = stored(found["object"], found["id"])
    if rest and data[name] is not None:
        _expand(data[name], rest, dotted)


def stored(kind: str, pk: str) -> Object:
    found = store.get(pk, kind)
    if found and store.fact(f"deleted {pk}"):
        return {"id": pk, "object": kind, "deleted": True}
    if found is None:
        raise Refused(f"No such {kind}: '{pk}'", "id", "resource_missing", 404)
    return found


def listed(items: list[Object], url: str, limit: int = 10) -> Object:
    page = items[: limit or 10]
    return {"object": "list", "data": page, "has_more": len(items) > len(page), "url": url}
