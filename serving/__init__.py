"""The door and the worker: where all stages are put together, and the only place that knows all.

roles/       api, worker and deliver: one process each; up.py supervises them with embedded.py
pipeline.py  the whole way of an event, from raw to signal; judge.py decides in it
assess.py    features → where a lead stands: the one path for worker and api
inforce.py   which rules and which model are in force
desk.py      the score desk: asks.py reads a request, lookup.py finds whom it means
service.py   the BentoML service around the desk
http/        the HTTP front: routes, doors for events, reading, operations
parts.py     the composition root of the api
commands/    the commands of the running system
"""
