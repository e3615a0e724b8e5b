"""An index built beside traffic, by SQL."""
