"""From a YAML file to a checked config and its search space; and drafting a config."""
