"""The exceptions of the directory's port."""


class DirectoryError(Exception):
    """The files are unavailable now; nothing was changed. The call may be repeated."""


class DirectoryFullError(DirectoryError):
    """The disk is full."""


class DirectoryBusyError(DirectoryError):
    """Another process reads the file, so its old pages cannot be overwritten yet. The erasure stays pending."""


class OutboxFullError(Exception):
    """Too many mails wait; none was queued."""


class ErasedError(Exception):
    """This attendee was erased, so they get no link, session or code."""


class AuditFullError(Exception):
    """The holder has reached the daily maximum of audit entries."""
