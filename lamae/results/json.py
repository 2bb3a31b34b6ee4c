"""Values as JSON and back."""

import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

Value = TypeVar("Value")


def to_json(value: Any) -> Any:
    """The same value in JSON's own types; what is not a finite number becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return to_json(value.tolist())
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def from_json(kind: type[Value], value: Any) -> Value:
    """A dataclass from the JSON that `to_json` made of it, or that holds the same entries.

    Fields may be dataclasses, tuples, mappings with text as keys, optional, text, numbers or
    truth values. A whole number serves as a float.

    Args:
        kind: The dataclass.
        value: JSON's own types.

    Raises:
        ValueError: An entry is missing, unknown or of another type; the message names it.
    """
    parsed: Value = _parse(kind, value, kind.__name__)
    return parsed


def _parse(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    if is_dataclass(kind):
        return _parse_dataclass(kind, value, where)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (types.UnionType, Union):
        if value is None and type(None) in inner:
            return None
        kinds = [each for each in inner if each is not type(None)]
        exact = [each for each in kinds if type(value) is each]
        return _parse(exact[0] if exact else kinds[0], value, where)
    if origin is tuple:
        return _parse_tuple(inner, value, where)
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise ValueError(f"{where} is {type(value).__name__}, expected a mapping")
        return {str(key): _parse(inner[1], each, f"{where}.{key}") for key, each in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise ValueError(f"{where} is {type(value).__name__}, expected {kind.__name__}")
    return value


def _parse_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} is {type(value).__name__}, expected a mapping")
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind) if field.init}
    if unknown := sorted(map(str, value.keys() - known.keys())):
        raise ValueError(f"{where} holds unknown entries: {', '.join(unknown)}")
    missing = [
        name
        for name, field in known.items()
        if name not in value and field.default is MISSING and field.default_factory is MISSING
    ]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    return kind(**{name: _parse(hints[name], value[name], f"{where}.{name}") for name in value})


def _parse_tuple(inner: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where} is {type(value).__name__}, expected a list")
    kinds = [inner[0]] * len(value) if inner[1:] == (...,) else list(inner)
    if len(kinds) != len(value):
        raise ValueError(f"{where} has {len(value)} entries, expected {len(kinds)}")
    return tuple(
        _parse(kind, each, f"{where}[{number}]")
        for number, (kind, each) in enumerate(zip(kinds, value, strict=True))
    )
