"""The one training loop: tuning, ladders, heads. Needs the extra `torch`; importing this room does not import it."""
