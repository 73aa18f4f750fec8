"""Why a lead stands where it stands, now or then, and what moved it in between.

who.py           an id or an email, as people type it → the lead it meant at a moment
ruling.py        what was in force at a moment: rules, model, snoozes, experiment
scene.py         one lead at one moment: all that it was judged by
explain.py       a scene → every rule with the values it read, and the sum of it all
near.py          rules that one condition more would have made hit
arithmetic.py    how points became a priority
tree.py          an explanation in lines for people
shapley.py       a difference shared out among its causes
why_changed.py   two scenes → what moved the lead: events, time, profile, rules, model
worlds.py        the lead in every mixture of then and now
changes.py       what changed between two scenes, by name
story.py         the same in lines for people

Nothing is kept and nobody is told.
"""
