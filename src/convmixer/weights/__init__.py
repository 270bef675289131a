"""Weights from files, whoever trained them, and files for other programs."""

from convmixer.weights.files import WeightsError
from convmixer.weights.loading import Trained, load
from convmixer.weights.names import to_ours

__all__ = ["Trained", "WeightsError", "load", "to_ours"]
