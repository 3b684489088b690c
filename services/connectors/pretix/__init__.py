"""pretix: tickets become registrations, scans check-ins. Source: docs.pretix.eu, REST API and webhooks."""

from services.connectors.pretix.kind import PRETIX

__all__ = ["PRETIX"]
