"""The nouns: frozen values that cross rooms and processes. No I/O, no behaviour to speak of."""
