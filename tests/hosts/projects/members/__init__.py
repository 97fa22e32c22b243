"""A shop whose users are its own: known by a UUID, logging in with an e-mail address."""
