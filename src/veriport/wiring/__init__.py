"""The composition root: settings from files and the environment, adapters by name, the container (D14)."""

#: The configuration file that is meant where none is named.
DEFAULT_FILE = "veriport.yaml"
