"What went wrong with a network, and how to mend it: what the checks measure, the checks, the report."

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
