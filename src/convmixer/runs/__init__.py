"""A run: its options, its folder with record and checkpoints, and its loop."""
