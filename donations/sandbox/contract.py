"""Stripe's contract, read from the installed ``stripe`` package.

Its parameter TypedDicts say what a request may hold, its resource classes what an object must
hold; both are generated from Stripe's OpenAPI document for the version the package pins. So
nothing is listed by hand here, and an upgrade of the package upgrades the sandbox.
"""

import builtins
import re
import sys
import types
from decimal import Decimal
from typing import Any, ForwardRef, Literal, NotRequired, Required, Union, get_args, get_origin

import stripe
from stripe._object_classes import get_object_class
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

INTEGER = re.compile(r"^-?\d{1,18}$")
NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
UNIONS = (Union, types.UnionType)


class LazyNames(dict[str, Any]):
    """The package's names: it loads its modules only when one is asked for, and calls a class
    ``CardResource`` where a nested ``Card`` stands in the way."""

    def __missing__(self, name: str) -> Any:
        if name in vars(builtins):
            raise KeyError(name)
        for candidate in (name, name.removesuffix("Resource")):
            if found := getattr(stripe, candidate, None):
                return found
        return dict  # in a subpackage we don't use: any object


class Refused(Exception):
    """A request that Stripe would refuse ("Errors": invalid_request_error)."""

    executed = True  # refused while it was carried out; False: when its parameters were read

    def __init__(self, message: str, param: str = "", code: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": "invalid_request_error", "message": message}
        if param:
            self.error["param"] = param
        if code:
            self.error["code"] = code


# --- Requests -------------------------------------------------------------------------------


def decode(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """``a[b][0]=c`` -> ``{"a": {"b": ["c"]}}``: Stripe's form encoding of nested parameters."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        head, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name) or [name]
        keys = [head, *rest]
        place = root
        for position, key in enumerate(keys[:-1]):
            place = place.setdefault(key or str(len(place)), {})
            if not isinstance(place, dict):
                raise Refused(f"Invalid parameter: {name}", ".".join(keys[: position + 1]))
        place[keys[-1] or str(len(place))] = value
    return {key: _lists(value) for key, value in root.items()}


def _lists(value: Any) -> Any:
    """Dicts keyed 0, 1, 2 … are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(item) for key, item in value.items()}


def parse(params_class: Any, raw: dict[str, Any]) -> dict[str, Any]:
    """The request's parameters with their types. Raises Refused as Stripe would."""
    try:
        return dict(_typed_dict(params_class, raw, ""))
    except Refused as refused:
        refused.executed = False
        raise


def _typed_dict(cls: Any, raw: Any, path: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise Refused(f"Invalid object: {path}", path)
    options = RequestOptions.__annotations__.keys()  # the library's own, never sent
    fields = {name: kind for name, kind in cls.__annotations__.items() if name not in options}
    module = sys.modules[cls.__module__]
    parsed = {}
    for name, value in raw.items():
        where = f"{path}[{name}]" if path else name
        if name not in fields:
            raise Refused(f"Received unknown parameter: {where}", where, "parameter_unknown")
        parsed[name] = _value(fields[name], value, where, module)
    for name in fields:
        if name in cls.__required_keys__ and name not in raw:
            where = f"{path}[{name}]" if path else name
            raise Refused(f"Missing required param: {where}.", where, "parameter_missing")
    return parsed


def _value(kind: Any, value: Any, path: str, module: Any) -> Any:
    if isinstance(kind, str):
        kind = ForwardRef(kind)
    if isinstance(kind, ForwardRef):
        kind = eval(kind.__forward_arg__, {}, LazyNames(vars(module)))
    origin, args = get_origin(kind), get_args(kind)
    if origin in (NotRequired, Required):
        return _value(args[0], value, path, module)
    if origin in UNIONS:
        return _any_of(args, value, path, module)
    if origin is Literal:
        if value not in args:
            allowed = ", ".join(str(arg) for arg in args)
            raise Refused(f"Invalid {path}: must be one of {allowed}", path)
        return value
    if origin is list:
        if not isinstance(value, list):
            raise Refused(f"Invalid array: {path}", path)
        return [_value(args[0], item, f"{path}[{n}]", module) for n, item in enumerate(value)]
    if origin is dict or get_origin(kind) is not None:
        if not isinstance(value, dict):
            raise Refused(f"Invalid object: {path}", path)
        return value
    if is_typeddict(kind):
        return _typed_dict(kind, value, path)
    return _scalar(kind, value, path)


def _any_of(kinds: tuple[Any, ...], value: Any, path: str, module: Any) -> Any:
    """The first alternative that fits. ``Literal[…] | str`` is how the package leaves an enum
    open for the future; Stripe itself takes the listed values only."""
    literals = [kind for kind in kinds if get_origin(kind) is Literal]
    if str in kinds and any(get_args(kind) != ("",) for kind in literals):
        kinds = tuple(kind for kind in kinds if kind is not str)
    refusal = Refused(f"Invalid {path}", path)
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _value(kind, value, path, module)
        except Refused as error:
            refusal = error
    raise refusal


def _scalar(kind: Any, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise Refused(f"Invalid value: {path}", path)
    if kind is int:
        if not INTEGER.match(value):
            raise Refused(f"Invalid integer: {value}", path, "parameter_invalid_integer")
        return int(value)
    if kind is bool:
        if value not in ("true", "false"):
            raise Refused(f"Invalid boolean: {value}", path)
        return value == "true"
    if kind in (float, Decimal):
        if not NUMBER.match(value):
            raise Refused(f"Invalid decimal: {value}", path)
        return value
    return value


# --- Objects --------------------------------------------------------------------------------


def fields_of(cls: Any) -> dict[str, Any]:
    """What the package says an object of this class holds."""
    return {
        name: ForwardRef(kind) if isinstance(kind, str) else kind
        for klass in reversed(cls.__mro__)
        if issubclass(klass, stripe.StripeObject)
        for name, kind in klass.__dict__.get("__annotations__", {}).items()
        if name not in ("OBJECT_NAME", "deleted") and not name.startswith("_")
    }


def skeleton(cls: Any, **values: Any) -> dict[str, Any]:
    """An object with every field: null where Stripe allows it, else empty; then ``values``."""
    unknown = values.keys() - fields_of(cls).keys()
    if unknown:
        raise TypeError(f"{cls.__name__} has no {sorted(unknown)}")
    made = {name: _empty(kind) for name, kind in fields_of(cls).items() if name not in values}
    return made | values


def _resolved(kind: Any) -> Any:
    return eval(kind.__forward_arg__, {}, LazyNames()) if isinstance(kind, ForwardRef) else kind


def _empty(kind: Any) -> Any:
    kind = _resolved(kind)
    origin, args = get_origin(kind), get_args(kind)
    if origin in UNIONS:
        return None if type(None) in args else _empty(args[0])
    if origin is Literal:
        return args[0]
    if origin is list:
        return []
    if origin is stripe.ListObject:
        return {"object": "list", "data": [], "has_more": False, "url": ""}
    if origin is not None or kind is UntypedStripeObject:
        return {}
    if isinstance(kind, type) and issubclass(kind, stripe.StripeObject):
        return skeleton(kind)
    return {str: "", int: 0, bool: False, float: 0.0, Decimal: "0"}.get(kind)


def problems(data: dict[str, Any], cls: Any = None, path: str = "") -> list[str]:
    """Where an object breaks the contract: unknown fields, missing ones, wrong types."""
    cls = cls or get_object_class("V1", data["object"])
    path = path or data.get("object", cls.__name__)
    fields = fields_of(cls)
    found = [f"{path}.{name}: not a field of {cls.__name__}" for name in data.keys() - fields]
    for name, kind in fields.items():
        optional = type(None) in get_args(kind)
        if name not in data:
            found += [] if optional else [f"{path}.{name}: missing"]
        else:
            found += _mismatch(kind, data[name], f"{path}.{name}")
    return found


def _mismatch(kind: Any, value: Any, path: str) -> list[str]:
    kind = _resolved(kind)
    origin, args = get_origin(kind), get_args(kind)
    if origin in UNIONS:
        tries = [_mismatch(arg, value, path) for arg in args]
        return [] if [] in tries else min(tries, key=len)
    if kind is type(None):
        return [] if value is None else [f"{path}: not null"]
    if origin is Literal:
        return [] if value in args else [f"{path}: {value!r} is not one of {args}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: not an array"]
        return [p for n, item in enumerate(value) for p in _mismatch(args[0], item, f"{path}.{n}")]
    if origin is stripe.ListObject:
        if not isinstance(value, dict) or value.get("object") != "list":
            return [f"{path}: not a list object"]
        return [p for item in value["data"] for p in _mismatch(args[0], item, path)]
    if origin is not None or kind is UntypedStripeObject:
        return [] if isinstance(value, dict) else [f"{path}: not an object"]
    if isinstance(kind, type) and issubclass(kind, stripe.StripeObject):
        return problems(value, kind, path) if isinstance(value, dict) else [f"{path}: no object"]
    if kind is Decimal:
        return [] if isinstance(value, str) else [f"{path}: not a decimal string"]
    right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    return [] if right or kind is Any else [f"{path}: {value!r} is not {kind.__name__}"]
