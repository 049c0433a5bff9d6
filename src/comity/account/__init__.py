"""The fourth verb: the journal as a transparency log that anyone can check with a public key.

`log` makes and serves it, `verify` and `proof` check it from outside; the rest are its formats.
"""
