"""Upcasters: how an event of an older version becomes one of the current version.

Invariants: ``x.y`` stays readable for good after ``x.y.v2`` exists, and no field is dropped without a replacement. So
far no type has been replaced; ``tests/schemas`` shows how, with an invented type that the codec upcasts.
"""

from collections.abc import Callable, Mapping
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: Mapping[str, Upcaster] = {}
