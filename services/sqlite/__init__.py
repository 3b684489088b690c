"""What every adapter on SQLite shares: migrations, bulk inserts, and what it means when a disk is full."""
