"""The pages: plain HTML, CSS and JavaScript in ``static/``, served as they are, without a build step.

Owns: what people see. May never: hold a secret, load anything from elsewhere, need an inline script or style, or put
what the server says into a page as anything but text.
To be served: ``/static/NAME`` the files; ``/`` attendee.html, ``/m/{link}`` link.html, ``/organizer`` organizer.html;
with ``Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';
connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`` and ``Referrer-Policy: no-referrer``.
"""
