"""`leadline demo`: the whole job on a made-up commercial world, over real HTTP, with its figures.

world.py     a world from the `leadforge` package: its tables, moved so that it ends yesterday
people.py    who they are here: user ids, emails, devices, companies, all from one seed
moments.py   a day of the world becomes a moment of that day
calls.py     the tables become Segment-shaped calls
build.py     world and calls onto the disk (a process of its own, so that its memory is given back)
post.py      calls to the historical door
receiver.py  the far end of webhooks and Slack
visitor.py   the live visitor
system.py    the running installation: start, ask, stop
steps.py     one function a step
run.py       the steps in order, the summary, the exit code
baseline.py  the flat-table model that ours is compared with
"""
