"""The directory of these tests, and its clock."""

from tests.directory.conftest import clock, directory, folder, on_file

__all__ = ["clock", "directory", "folder", "on_file"]
