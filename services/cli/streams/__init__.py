"""Recorded streams as the commands read and write them: files, standard streams, topics."""
