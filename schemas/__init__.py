"""What flows: every event as a frozen Struct, and the codec between bytes and events. No behaviour."""
