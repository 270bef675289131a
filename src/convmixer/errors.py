"""
---
title: Errors
summary: The one kind of error that is meant for the person at the terminal.
---

# Errors

Some things go wrong that are no fault of the program: an option that makes no sense, a
data set that is not there, a folder that cannot be written. They all end the same way,
with a message that says what was found and what to do.
"""


class ExperimentError(Exception):
    """
    ## What the user can put right

    [`main`](experiment.py#main) prints the message and exits with code 2, without a
    traceback. It lives in a module of its own so that catching it does not import
    PyTorch.
    """
