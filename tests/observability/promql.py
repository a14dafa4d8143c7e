"""Which metrics an expression asks for, without a parser of PromQL: what is left when all else is taken away."""

import re

_TAKEN_AWAY = (
    r'"(?:[^"\\]|\\.)*"',  # strings, before the braces that may be in them
    r"\{[^}]*\}",  # matchers
    r"\[[^\]]*\]",  # ranges
    r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)",  # names of labels
    r"\b\d[\w.]*",  # numbers and durations
    r"[A-Za-z_]\w*\s*(?=\()",  # functions and aggregations
    r"\b(?:and|or|unless|bool|offset|by|without|on|ignoring|group_left|group_right)\b",
)
_NAME = re.compile(r"[A-Za-z_:][\w:]*")


def metrics_of(expression: str) -> set[str]:
    """The names of the metrics and recorded rules in an expression."""
    for pattern in _TAKEN_AWAY:
        expression = re.sub(pattern, " ", expression)
    return set(_NAME.findall(expression))
