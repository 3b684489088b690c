"""How a route says what it needs: a parameter marked ``Injected`` is given by the application, by its name.

Invariants:
- A parameter that is marked and that the application cannot give stops the start. One that is not marked would become a
  query parameter, which anybody could send.
- What is given is the application's own and is not validated with each request.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

from litestar.di import Dependency
from litestar.params import SkipValidationMarker

T = TypeVar("T")

Injected = Annotated[T, Dependency("named"), SkipValidationMarker()]
Clock = Callable[[], int]  # milliseconds since 1970
