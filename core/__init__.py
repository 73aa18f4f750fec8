"""Ground floor: settings, errors, clock, database, crypto, the folder of an installation.

Imports nothing of ours. Everything else may import it.
"""
