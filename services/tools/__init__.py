"""Tools around the product: the demo, the simulation, a local Kafka, and processes that end with us."""
