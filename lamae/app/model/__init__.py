"""The Model page: the card as tables."""
