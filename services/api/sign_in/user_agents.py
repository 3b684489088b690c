"""Describes the device that signed in, in a few words for its owner: "Firefox on Windows".

Invariants: a description consists of the names below; nothing else of a browser's ``User-Agent`` is stored or shown.
The order matters: Edge also says Chrome, Chrome also says Safari, Android also says Linux, an iPad may say Mac.
"""

UA_CHARS = 1_024
UNKNOWN = "Unknown device"
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """A rough name for a ``User-Agent``."""
    text = user_agent[:UA_CHARS]
    browser = next((name for mark, name in _BROWSERS if mark in text), "")
    system = next((name for mark, name in _SYSTEMS if mark in text), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or UNKNOWN
