"""The way of a batch of events: all its stages, and what is committed with them."""
