"""The data that flows through Hallway: events and outputs as frozen Structs, and the codec between bytes and events."""
