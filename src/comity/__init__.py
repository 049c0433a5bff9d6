"""Comity: share security information on terms that are enforced, match it, respond, account.

The command `comity` and the HTTP interfaces are the product's faces; from Python only what
`__all__` names is promised to stay.
"""

from comity.errors import ComityError

__all__ = ["ComityError", "__version__"]

__version__ = "0.1.0"
