"""The application around the streams: command line, API, storage, Kafka, the processes that are started."""
