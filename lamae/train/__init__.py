"""Training: recipes are functions that return a complete configuration; one loop runs them."""
