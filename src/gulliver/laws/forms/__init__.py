"""One file a form (or a family of them); each lists its forms in `FORMS`."""
