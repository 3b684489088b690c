"""Builds a mail's bytes, once: headers, a plain text, and the same as HTML.

Invariants:
- Nothing in the HTML comes from elsewhere or tells anybody that it was read: no image, no font, no tracking.
- The Message-ID is random, in the sender's domain, and says nothing about the recipient.
- The bytes are final: lines end with CRLF, and no header is folded again by whoever sends them.
"""

import secrets
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from services.mail.wording import Button, Words, text_of

_POLICY = SMTP.clone(max_line_length=998, cte_type="7bit")  # RFC 5322's limit; 7bit: every server transports it
_ID_BYTES = 18
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:16px;line-height:1.5"
_LINK = "display:inline-block;padding:12px 24px;border-radius:8px;background:#0b5d57;color:#ffffff;text-decoration:none"
_SMALL = "font-size:14px;word-break:break-all"


def build_message(words: Words, sender: str, recipient: str, now: int) -> bytes:
    """The mail's bytes. ``now``: ms since 1970. Both addresses have the form that ``settings.is_address`` accepts."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address("Hallway", addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = words.subject
    message["Date"] = datetime.fromtimestamp(now // 1_000, UTC)
    message["Message-ID"] = f"<{secrets.token_urlsafe(_ID_BYTES)}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
    message.set_content(text_of(words), cte="quoted-printable")
    message.add_alternative(_html(words), subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _html(words: Words) -> str:
    opening = "".join(f"<p>{escape(each)}</p>" for each in words.opening)
    closing = "".join(f"<p>{escape(each)}</p>" for each in words.closing)
    buttons = "".join(map(_button, words.buttons))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(words.subject)}</title></head>"
        f'<body style="{_FONT};max-width:36em;margin:0 auto;padding:16px">{opening}{buttons}{closing}</body></html>\n'
    )


def _button(button: Button) -> str:
    address = escape(button.address)
    return (
        f"<p><strong>{escape(button.before)}</strong></p>"
        f'<p><a href="{address}" style="{_LINK}">Open my sign-in page</a></p>'
        f'<p style="{_SMALL}">{address}<br>{escape(button.below)}</p>'
    )
