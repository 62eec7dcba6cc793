"""What is wrong with a network, or with its inputs."""

from __future__ import annotations


class NetworkError(ValueError):
    """A network, a file of one, or inputs that cannot be simulated; one sentence, naming the part."""
