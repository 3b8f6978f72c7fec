"""Pass or fail: the grammar of thresholds, and the judge that holds readings to them."""
