"""What knows nothing of notes or pages."""
