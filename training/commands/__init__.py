"""The commands of the workshop, one file each; `cli.py` names them."""
