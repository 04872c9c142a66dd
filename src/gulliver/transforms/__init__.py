"""How a model is turned into another: one file a transform."""
