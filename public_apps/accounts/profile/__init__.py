"""Pages of one's own account: profile, devices, keys; the password and codes are allauth's."""
