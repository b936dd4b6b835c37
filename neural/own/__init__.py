"""Your own logs: looked through before training, trained on, and what that did to the model."""
