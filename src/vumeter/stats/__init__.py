"""Pure: histograms, tallies, the aggregator, and what screens and reports show of them."""
