"""The trials of a study in order: ranking, selection, and the formats that show them."""
