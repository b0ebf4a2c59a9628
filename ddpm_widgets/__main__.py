"`python -m ddpm_widgets` is the command `ddpm-widgets`."

import sys

from ._cli import main

if __name__ == "__main__":
    sys.exit(main())
