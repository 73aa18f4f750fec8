"""The commands of the running system, one file each; `cli.py` names them."""
