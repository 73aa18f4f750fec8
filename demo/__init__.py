"""`leadline demo`: the whole job on a made-up commercial world, over real HTTP, with its figures.

world.py     a world from the `leadforge` package: its tables, moved so that it ends yesterday
people.py    who they are here: user ids, emails, devices, companies, all from one seed
moments.py   a day of the world becomes a moment of that day
known.py     each lead of the world as the person it is here
calls.py     the tables become Segment-shaped calls: pages.py of sessions, crm.py of the rest
build.py     world and calls onto the disk (a process of its own, so that its memory is given back)
post.py      calls to the historical door
receiver.py  the far end of webhooks and Slack
visitor.py   who visits live; walk.py: one visit, timed from event to signal
system.py    the running installation: start, ask, stop
history.py   the steps of history; steps.py: the others, one function each
run.py       the steps in order, the summary, the exit code
story.py     the first visitor and the summary, in words
figures.py   what `demo.json` holds
folder.py    the data folder: the demo's own, made anew
apart.py     one function in a process of its own; tied.py: which ends with its parent
teller.py    progress on a terminal and elsewhere; memory.py: the peak of all processes
baseline.py  the flat-table model that ours is compared with
"""
