"""The questions that are asked, one module each, or one for those of a kind."""
