"""Pages, links, languages: all that is shown, whatever host writes it."""
