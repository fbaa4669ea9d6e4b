"""What WebSockets of this platform carry at most, and how uvicorn serves them so that transfers are quick."""

from typing import Any

FRAME = 512 * 1024
"""Most bytes of content in one frame. Small enough for many connections, large enough that its cost hardly counts."""
HEADER = 16 * 1024

SERVED: dict[str, Any] = {
    # Reads no further while the application has not taken what came; decodes with the least copying of the three.
    "ws": "websockets-sansio",
    "ws_max_size": 4 + HEADER + FRAME,
    # Content is mostly compressed already, and everything else is short.
    "ws_per_message_deflate": False,
    "ws_ping_interval": 20.0,
    # A disk that is busy for a while makes the server read no answers to its pings.
    "ws_ping_timeout": 60.0,
}
