"""The cockpit in a browser: pages, who may see them, and the terminal that is in them."""
