"""The engine on Kafka, as Faust workers: router, matcher, delivery.

The only place that imports Faust and mode; what is Faust's is in ``transport`` and ``app``, everything else here is
ours and runs without it.
"""
