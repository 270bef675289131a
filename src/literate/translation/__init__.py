"""Messages, catalogs, and what a translation may hold."""
