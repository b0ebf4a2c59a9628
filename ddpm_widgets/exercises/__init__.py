"The checks of the exercises, a module for each lesson's. A teacher who changes an exercise changes one small notebook."

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
