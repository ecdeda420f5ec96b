"""The library's two environments: one that checks expressions against a view's types, one that evaluates them all.

The checking one knows what a user may write beyond CEL's own overloads: numbers of different types compared and
calculated with each other, and arrays and maps compared with null. `gateway.shaping.cel_nulls` makes the one that
evaluates understand it.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from cel_expr_python import cel

from gateway.shaping.cel_types import DATA, EVENT, EVENT_MESSAGE, ViewTypes

_BOOL, _INT, _UINT, _DOUBLE, _NULL = ({"type_name": name} for name in ("bool", "int", "uint", "double", "null_type"))
_STRING, _BYTES, _TIMESTAMP, _DURATION = ({"type_name": name} for name in ("string", "bytes", "timestamp", "duration"))
_ANY, _OTHER = ({"type_name": name, "is_type_param": True} for name in ("A", "B"))
_LIST = {"type_name": "list", "params": [_ANY]}
_MAP = {"type_name": "map", "params": [_ANY, _OTHER]}
_Type = dict[str, Any]
_MIXED = ((_INT, _DOUBLE), (_DOUBLE, _INT))
_SAME_NUMBERS = tuple((one, one, one) for one in (_INT, _UINT, _DOUBLE))
_NUMBERS = (*_SAME_NUMBERS, *((*mixed, _DOUBLE) for mixed in _MIXED))
_EQUALS = ((_ANY, _ANY), *_MIXED, (_LIST, _NULL), (_NULL, _LIST), (_MAP, _NULL), (_NULL, _MAP))
_ORDERED = (*((one, one) for one in (_BOOL, _INT, _UINT, _DOUBLE, _STRING, _BYTES, _TIMESTAMP, _DURATION)), *_MIXED)


def _list_of(item: _Type) -> _Type:
    return {"type_name": "list", "params": [item]}


# Operators by name, the types of their operands and then of what they give. They replace the library's own ones of
# these names, so that those have to be among them.
_OPERATORS: dict[str, Sequence[tuple[_Type, _Type, _Type]]] = {
    "_==_": [(*types, _BOOL) for types in _EQUALS],
    "_!=_": [(*types, _BOOL) for types in _EQUALS],
    "_<_": [(*types, _BOOL) for types in _ORDERED],
    "_<=_": [(*types, _BOOL) for types in _ORDERED],
    "_>_": [(*types, _BOOL) for types in _ORDERED],
    "_>=_": [(*types, _BOOL) for types in _ORDERED],
    "@in": [(_ANY, _LIST, _BOOL), (_ANY, _MAP, _BOOL), *((one, _list_of(other), _BOOL) for one, other in _MIXED)],
    "_+_": [
        *_NUMBERS,
        (_STRING, _STRING, _STRING),
        (_BYTES, _BYTES, _BYTES),
        (_LIST, _LIST, _LIST),
        (_TIMESTAMP, _DURATION, _TIMESTAMP),
        (_DURATION, _TIMESTAMP, _TIMESTAMP),
        (_DURATION, _DURATION, _DURATION),
    ],
    "_-_": [
        *_NUMBERS,
        (_TIMESTAMP, _TIMESTAMP, _DURATION),
        (_TIMESTAMP, _DURATION, _TIMESTAMP),
        (_DURATION, _DURATION, _DURATION),
    ],
    "_*_": _NUMBERS,
    "_/_": _NUMBERS,
}


def _overloads(name: str) -> list[dict[str, Any]]:
    word = name.strip("_@")
    return [
        {"id": f"gateway_{ord(word[0])}_{len(word)}_{number}", "args": [one, other], "return": given}
        for number, (one, other, given) in enumerate(_OPERATORS[name])
    ]


@cache
def _config() -> Any:
    config = {
        "name": "gateway",
        "stdlib": {"exclude_functions": [{"name": name} for name in _OPERATORS]},
        "functions": [{"name": name, "overloads": _overloads(name)} for name in _OPERATORS],
    }
    return cel.NewEnvConfigFromYaml(json.dumps(config))  # every JSON text is YAML


def checking_environment(types: ViewTypes) -> Any:
    """Give the environment that checks expressions against a view."""
    variables = {DATA: cel.Type(types.root), EVENT: cel.Type(EVENT_MESSAGE)}
    return cel.NewEnv(types.pool, config=_config(), variables=variables)


@cache
def evaluating_environment() -> Any:
    """Give the environment that evaluates every expression, of any view."""
    return cel.NewEnv(variables={DATA: cel.Type.DYN, EVENT: cel.Type.DYN})
