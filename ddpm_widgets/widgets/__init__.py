"The widgets, one module each. They know plain arrays (anything `np.asarray` accepts) and nothing of torch."

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
