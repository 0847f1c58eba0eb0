"""The composition root: settings from files and the environment, adapters by name, the container (D14)."""
