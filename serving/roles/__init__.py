"""The three processes: api, worker, deliver. Each is one `run(installation, settings, stop)`."""
