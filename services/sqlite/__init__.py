"""Shared by every SQLite adapter: migrations, bulk inserts, and which errors mean that the disk is full."""
