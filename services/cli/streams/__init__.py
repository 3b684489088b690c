"""Inputs and outputs of the commands: files, standard streams, topics."""
