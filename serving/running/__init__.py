"""Processes of an installation: started, watched, examined, stopped."""
