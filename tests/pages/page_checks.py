"""Checks that hold for every state of every page, and takes screenshots on demand.

Each state is checked in light and dark mode and in two widths: axe, the size of tap targets, the width of the page.
Why: one open page is switched between these, because opening it again would take most of the time.
"""

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
LAPTOP = {"width": 1366, "height": 860}
SERIOUS = ("serious", "critical")
ALL_RULES: dict[str, Any] = {"resultTypes": ["violations"]}
CONTRAST: dict[str, Any] = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
FINGER_PX = 44
TOO_SMALL = f"""() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter((one) => !one.disabled && one.checkVisibility({{visibilityProperty: true}}) && !one.matches('.skip'))
  .filter((one) => !one.closest('dialog') === !document.querySelector('dialog[open]'))
  .map((one) => [one, (one.matches('[type=checkbox]') ? one.closest('label') : one).getBoundingClientRect()])
  .filter(([, box]) => box.width < {FINGER_PX} || box.height < {FINGER_PX})
  .map(([one, box]) => `${{one.outerHTML.slice(0, 80)}} is ${{box.width}} x ${{box.height}}`)"""
TOO_WIDE = "() => document.documentElement.scrollWidth > innerWidth"


class PageChecks:
    """Checks a state in every mode and width, and takes screenshots if a folder is given."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def at(self, page: Any, name: str, *sizes: dict[str, int], whole: bool = True) -> None:
        """A state, in light and dark, in each size (a phone and a small one unless told); axe in the first."""
        before = page.viewport_size
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for n, size in enumerate(sizes or (PHONE, SMALL)):
                page.set_viewport_size(size)
                where = f"{name}-{size['width']}-{scheme}"
                if scheme == "light":
                    assert not page.evaluate(TOO_WIDE), f"{where} is wider than the screen"
                    assert page.evaluate(TOO_SMALL) == [], where
                if n == 0:
                    rules = ALL_RULES if scheme == "light" else CONTRAST  # the scheme changes nothing else
                    assert barriers(page, rules) == [], where
                self.take(page, where, whole)
        page.set_viewport_size(before)
        page.emulate_media(color_scheme="light")

    def take(self, page: Any, name: str, whole: bool = True) -> None:
        """A picture."""
        if self.folder is not None:
            page.screenshot(path=self.folder / f"{name}.png", full_page=whole, animations="disabled")


def barriers(page: Any, rules: dict[str, Any]) -> list[str]:
    """Axe's findings that are serious or worse, as text."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)  # once a page: it is half a megabyte
    found = page.evaluate("(rules) => axe.run(document, rules)", rules)["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
