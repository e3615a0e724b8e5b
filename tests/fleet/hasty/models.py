"""Historical models alone: what is linted are the migrations."""
