"""Versions of events: what an older form becomes.

Owns: one upcaster for each type that has been replaced; ``x.y`` stays readable for ever after ``x.y.v2`` has come.
May never: drop a field without a place for it. So far no type has been replaced; ``tests/schemas`` shows the way
with one
invented here and upcast by the codec.
"""

from collections.abc import Callable, Mapping
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: Mapping[str, Upcaster] = {}
