"""The HTTP front: one table of routes, from which dispatch, key checks and OpenAPI follow.

routes.py       what a route is; the tables of this package are made of it
dispatch.py     a table of routes as an ASGI application
front.py        the application of the api: its own routes, then the BentoML service
bodies.py       request bodies, bounded and unzipped
events.py       the doors for events, over items.py, cloudevents.py and pixel.py
scores.py       the score calls, mounted in the BentoML service
reading.py      leads, accounts, signals; stream.py sends signals as they come
rules.py        versions and figures of rules; rules_drafts.py, rules_snoozes.py, rules_tables.py
operations.py   liveness, readiness, health, metrics; documents.py serves OpenAPI
"""
