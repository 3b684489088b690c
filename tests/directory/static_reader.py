"""A reader of accounts that shows what it was given."""

from services.directory.port import PublicProfile


class StaticReader:
    """A reader of what it was given."""

    def __init__(self, texts: dict[str, list[str]] | None = None) -> None:
        self.shown = texts if texts is not None else {}
        self.asked: list[str] = []

    def refusal(self, account: str) -> str | None:
        """Every account can be read."""
        return None

    async def read(self, account: str) -> PublicProfile:
        """What it was given."""
        self.asked.append(account)
        return PublicProfile(tuple(self.shown.get(account, ())))
