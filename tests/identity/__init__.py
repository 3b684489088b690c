"""What accounts show elsewhere: fake networks on loopback, with invented people."""
