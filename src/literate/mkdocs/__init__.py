"""The host: all that knows MkDocs and Material."""
