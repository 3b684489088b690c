"""The slow reference model: the contract of events, written down as plainly as possible."""

from tests.model.model import Model

__all__ = ["Model"]
