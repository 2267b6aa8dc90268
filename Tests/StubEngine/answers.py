"""The forms of Elasticsearch's answers and of what is asked of it."""

import json

from connection import Response


def success(value, status=200):
    return Response(status, json.dumps(value, separators=(",", ":")).encode())


def failure(status, kind, reason):
    cause = {"type": kind, "reason": reason}
    return success({"error": {"root_cause": [cause], **cause}, "status": status}, status)


def no_index(name):
    return failure(404, "index_not_found_exception", f"no such index [{name}]")


def flattened(settings, prefix=""):
    """Settings by their full names, from nested objects or dotted names."""
    result = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            result.update(flattened(value, f"{prefix}{name}."))
        else:
            result[f"{prefix}{name}"] = value
    return {name if name.startswith("index.") else f"index.{name}": value for name, value in result.items()} if not prefix else result


def seconds(text):
    """`300000ms`, `5m`: all that Sheaf writes and people type."""
    for unit, length in (("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)):
        if text.endswith(unit) and text[: -len(unit)].isdigit():
            return int(text[: -len(unit)]) * length
    raise ValueError(f"{text} is no time")


def shard_of(query):
    """The shard of `preference=_shards:N`, or None."""
    _, found, rest = query.partition("preference=_shards:")
    return int(rest.partition("&")[0]) if found else None
