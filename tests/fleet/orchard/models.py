"""No models of today: their history is what is tested. Without this module no content types are made."""
