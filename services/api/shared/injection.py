"""Marks the parameters of a route that the application provides, by name: ``Injected``.

Invariants:
- A marked parameter that the application does not provide stops the start. One that is not marked would become a query
  parameter, which anybody could send.
- Provided objects belong to the application and are not validated at each request.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

from litestar.di import Dependency
from litestar.params import SkipValidationMarker

T = TypeVar("T")

Injected = Annotated[T, Dependency("named"), SkipValidationMarker()]
Clock = Callable[[], int]  # milliseconds since 1970
