"""Files over a WebSocket, in both directions: docs/transfer.md says how a client speaks to it."""
