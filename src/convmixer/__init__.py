"""The annotated ConvMixer: the paper *Patches Are All You Need?* as code that trains.

Read `model.py` first, then `training.py` and what it calls. The modules are imported one
by one, so that importing the package costs nothing.
"""
