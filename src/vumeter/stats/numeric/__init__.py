"""
Statistics that take numpy or scipy: the one door to both. Pure: arrays in, values out.

To import numpy takes 0.1 s and scipy's statistics 0.6 s, which neither a run nor the cockpit's
start may pay: whoever needs a module of this room imports it where it is used.
"""
