"""Uses a page by keyboard alone: Tab until the named element has the focus, then Enter.

Checks on the way that the focused element is visible.
"""

from typing import Any

MOST_STEPS = 60
FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  if (one === document.body) return null;
  const tabs = document.querySelector('#nav')?.getBoundingClientRect().top ?? Infinity;
  return {
    name: one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent,
    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    free: one.closest('nav, dialog, .skip') !== null || one.getBoundingClientRect().bottom <= tabs + 1,
  };
}"""


def go_to(page: Any, name: str, key: str = "Tab") -> None:
    """Moves the focus by keyboard; checks that each focused element is visible and not under the tab bar."""
    for _ in range(MOST_STEPS):
        page.keyboard.press(key)
        focused = page.evaluate(FOCUSED)
        if focused is None:
            continue  # past the end, and round again
        assert focused["seen"], f"the focus on {focused['name']!r} is not to be seen"
        assert focused["free"], f"{focused['name']!r} has the focus under the tab bar"
        if focused["name"].strip() == name:
            return
    raise AssertionError(f"the keyboard does not come to {name!r}")


def press(page: Any, name: str) -> None:
    go_to(page, name)
    page.keyboard.press("Enter")
