"""The composition root of ``hallway serve``, and what runs beside the requests."""
