"""The exceptions of the directory's port."""


class DirectoryError(Exception):
    """The files cannot be used now; nothing was changed. May be asked again."""


class DirectoryFullError(DirectoryError):
    """There is no room for what was to be kept."""


class DirectoryBusyError(DirectoryError):
    """Somebody else reads the file, so its old pages cannot be overwritten yet. The erasure stays pending."""


class ErasedError(Exception):
    """This attendee was erased, so nothing is made for them: no link, no session."""


class AuditFullError(Exception):
    """The holder has as many entries as there may be in a day."""
