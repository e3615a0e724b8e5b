"""A tenant app that knows every trick that migrations have, in few apps so that tests are quick."""
