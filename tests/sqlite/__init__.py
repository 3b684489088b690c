"""What both SQLite adapters stand on."""
