"""What goes wrong between processes."""

from __future__ import annotations

from atlas_perf.errors import AtlasPerfError, ExitCode


class WireError(AtlasPerfError):
    """Bytes from another process that cannot be what was sent: the run proves nothing."""

    exit_code = ExitCode.INVALID
