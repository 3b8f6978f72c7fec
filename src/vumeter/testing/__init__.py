"""Shipped fakes: a manual clock, loopback servers with gates and laws, recorded feeds."""
