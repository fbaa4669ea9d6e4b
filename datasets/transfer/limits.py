"""How much one connection, one organization and one process may have under way."""

from era_platform.common.sockets import FRAME as FRAME
from era_platform.common.sockets import HEADER as HEADER

CHUNK = 4 * 1024 * 1024
"""Most bytes of content that a client sends before it hears that they were taken."""
PIPELINE = 1000
"""Files that are put and not yet stored, and files that are asked for and not yet sent."""
LARGE_AT_ONCE = 64
IN_MEMORY = 12 * 1024 * 1024
"""Bytes of content that all connections of a process hold together while they wait for the disk."""
BATCH_FILES, BATCH_BYTES = 256, 64 * 1024 * 1024
"""What is committed to the database at once."""
OF_ONE_ORGANIZATION, OF_ALL = 8, 24
"""Connections to one process."""
CHECK_AGAIN = 5.0
"""Seconds until the database is asked again who may do this."""
IDLE = 300.0
"""Seconds after which a connection on which nothing is under way is closed."""
LISTED = 1000
PATH = 1024
LARGEST_NUMBER = 2**53 - 1
PIECE = 256 * 1024
"""Content that is read from the disk at once for whoever gets it."""
GROUP = 128
"""Files whose places are asked of the database at once."""
UNSAID = 20_000
"""Answers that a client may leave unread before it is given up."""
