"""One self-contained HTML file: what it shows, what it looks like, and what responds in it."""
