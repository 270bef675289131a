"""A module as one document or notebook."""
