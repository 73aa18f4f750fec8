"""Side-by-side measurements, a printed table each: `python -m benchmarks [NAME…] [--quick]`.

worker.py    events a second through the whole pipeline, and where the time goes
log.py       accepted events a second: one commit for many against one for each
online.py    a lead's vector: our read against Feast's `get_online_features`
memory.py    bytes of Redis that a lead takes
update.py    feature rows a second, written online and offline
offline.py   point-in-time vectors from a long history: our read against Feast's join
score.py     `POST /v1/score` on a running api, against a plain BentoML endpoint

What they stand on: bench.py (size, shared installation), place.py (an installation with a real
server), stream.py (seeded events), timing.py (alternating runs, quantiles), table.py (results).
"""
