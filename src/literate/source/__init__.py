"""A file taken apart, without losing a byte."""
