"""Dependencies of routes: each declares what it needs, and gets what it declares."""

from dataclasses import fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from litestar import Litestar, get
from litestar.di import Dependency, Provide
from litestar.exceptions import ImproperlyConfiguredException
from msgspec.structs import fields as struct_fields

from services.api.app import ROUTES
from services.api.dependencies import Dependencies
from services.api.pages import routes as pages
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected

HANDLERS = [*ROUTES, pages.attendee_page, pages.organizer_page, pages.link_page, pages.old_link_page, pages.top_file]
GIVEN = {each.name: get_type_hints(Dependencies)[each.name] for each in fields(Dependencies)} | {"caller": Caller}
MOST = 8  # of one route


def injected(handler: Any) -> dict[str, Any]:
    """The parameters of a route that it is given, with their types."""
    hints = get_type_hints(handler.fn, include_extras=True)
    marked = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Annotated}
    return {name: kind for name, (kind, *rest) in marked.items() if any(isinstance(one, Dependency) for one in rest)}


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.fn.__name__)
def test_what_a_route_is_given_is_of_the_type_that_it_says(handler: Any) -> None:
    """Nothing checks it while the server runs."""
    found = injected(handler)
    assert found == {name: GIVEN[name] for name in found}
    assert len(found) <= MOST
    assert not GIVEN.keys() & get_type_hints(handler.fn).keys() - found.keys(), "not marked: anybody could send it"


def sent(handler: Any) -> set[str]:
    """The names of the parameters and of the fields of the body that a request may send."""
    hints = get_type_hints(handler.fn)
    body = hints.get("data")
    fields_of_body = set() if body is None else {each.encode_name for each in struct_fields(body)}
    return (hints.keys() | fields_of_body) - injected(handler).keys() - {"return"}


def test_no_dependency_has_the_name_of_what_is_sent() -> None:
    """Litestar looks at the name alone, and answers 500 where the sender made the mistake."""
    found = {name for handler in HANDLERS for name in sent(handler)}
    assert {"conferences", "conference", "places", "after", "link"} < found
    assert found & GIVEN.keys() == set()


def test_every_dependency_is_one_of_some_route() -> None:
    assert GIVEN.keys() - {name for handler in HANDLERS for name in injected(handler)} == set()


def test_a_route_that_needs_what_nobody_gives_stops_the_start() -> None:
    @get("/")
    async def route(one: Injected[int], other: Injected[str]) -> None: ...

    with pytest.raises(ImproperlyConfiguredException, match="other"):
        Litestar([route], dependencies={"one": Provide(lambda: 1, sync_to_thread=False)})
