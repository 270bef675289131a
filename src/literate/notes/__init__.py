"""Markdown to HTML, with placeholders for what is not translated."""
