"""LAMAE Explorer: read 12-lead ECGs with a latent-attention masked autoencoder."""
