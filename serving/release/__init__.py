"""What is in force in this process: rules, model and experiment of one release."""
