"""How a quantity moves with scale: forms, one file each, one fitter for all of them."""
