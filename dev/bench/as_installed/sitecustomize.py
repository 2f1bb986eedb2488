"""On the path of the web servers under test: what production does not install is not there to be imported.

Others import these where they find them, and a worker would hold several MB more than in production.
"""

from __future__ import annotations

import sys

for name in ("greenlet", "pygments", "rich"):
    sys.modules[name] = None  # type: ignore[assignment]  # so Python refuses to import it
