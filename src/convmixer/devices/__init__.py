"""Where a model is trained: on one device or on several."""
