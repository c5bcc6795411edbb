"""The artifact: an ensemble of networks, the file that holds it, its predictions."""
