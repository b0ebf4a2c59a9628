"""Learn diffusion models by hand: noisify, train and sample DDPMs with interactive widgets.

Public names load on first use: `import ddpm_widgets` imports neither torch nor diffusers nor anywidget. The names, and
the module each lives in, stand in `__init__.pyi`.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
