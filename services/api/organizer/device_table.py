"""The route that shows an organizer which devices check people in at a conference."""

from litestar import get
from msgspec import Struct

from schemas.events import PlainId
from schemas.times import format_time
from services.api.shared.check_in_devices import CheckInDevices, Device
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.roles import allow


class DevicesShown(Struct, frozen=True):
    """``since``: when this process began to count."""

    since: str
    devices: tuple[Device, ...]


@get("/v1/conferences/{conference:str}/devices", opt=allow("organizer", "operator"), tags=["organizer"])
async def devices(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    check_in_devices: Injected[CheckInDevices],
    conference: PlainId,
) -> DevicesShown:
    """Lists the devices that check people in: when last seen, accepted, rejected and why, and what to do."""
    access.require(caller, conference)
    return DevicesShown(format_time(check_in_devices.since), check_in_devices.of(conference))


ROUTES = [devices]
