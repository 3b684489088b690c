"""An organizer's settings for a pretix event."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from schemas.events import PlainId

Slug = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.\-]{1,100}\Z")]
Number = Annotated[int, Meta(ge=1, le=2**53)]
GateNumber = Annotated[str, Meta(pattern=r"\A[0-9]{1,16}\Z")]
PRETIX_EU = "https://pretix.eu"


class CheckinList(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A check-in list. ``place``: where its scans are, if in one place of the conference. ``leaves``: what somebody
    leaves who is scanned out: the conference, or that place alone."""

    list: Number
    place: PlainId | None = None
    leaves: Literal["conference", "place"] = "conference"


class PretixConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="pretix"):
    """``organizer`` and ``event``: the short forms in the shop's address. ``gates``: places by the number of a gate,
    which count more than the list's."""

    address: Annotated[str, Meta(max_length=300)] = PRETIX_EU
    organizer: Slug
    event: Slug
    lists: Annotated[tuple[CheckinList, ...], Meta(max_length=20)] = ()
    gates: Annotated[dict[GateNumber, PlainId], Meta(max_length=200)] = field(default_factory=dict)
