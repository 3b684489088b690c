"""The pages: plain HTML, CSS and JavaScript in ``static/``, served as they are, without a build step.

Owns: what people see. May never: hold a secret, load anything from elsewhere, need an inline script or style, or put
what the server says into a page as anything but text.
Served by services/api/pages: ``/static/NAME`` the files; ``/`` attendee.html, ``/m/{link}`` link.html,
``/organizer`` organizer.html, ``/worker.js`` at the root, for a service worker sees only what lies below itself.
"""
