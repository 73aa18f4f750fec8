"""Stage 3, enrich: facts about the person and the company behind a matched event.

Each provider is a function of one matched event; `enrich` asks them all and adds up what they say.
A provider that fails is named in `degraded`, and the event goes on.
"""
