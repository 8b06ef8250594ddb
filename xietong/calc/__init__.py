"""The standard's arithmetic: plain functions whose name is the indicator and whose arguments are its inputs."""
