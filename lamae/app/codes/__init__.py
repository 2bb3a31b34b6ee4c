"""The Codes page: suggested codes and their attributions."""
