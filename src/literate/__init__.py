"""Annotated Python, rendered as a site in several languages.

The engine reads annotated source files and Markdown pages, translates their notes by JSON maps,
and lays them out beside the code. It knows nothing of what the code is about.
"""
