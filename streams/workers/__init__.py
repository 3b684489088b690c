"""The engine on Kafka, as Faust workers: router, matcher, delivery.

This is the only package that imports Faust and mode, in ``transport``, ``app`` and ``credentials``; the other modules
run without it.
"""
