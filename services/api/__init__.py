"""The HTTP gateway: who may ask what, what comes in, what people and organizers get to see."""
