"""Watches a browser for what must not happen on any page: errors, broken rules of the CSP, requests to other hosts."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebSocket

NO_REQUEST = ("data:", "blob:")


class Watch:
    """`trouble` is what was seen, in words. Answers of 400 to 499 are an answer, not an error."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.trouble: list[str] = []
        self.home = home
        context.on("page", self._follow)
        context.on("request", self._request)

    def _follow(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.trouble.append(f"error on {page.url}: {error}"))
        page.on("websocket", self._websocket)

    def _console(self, message: ConsoleMessage) -> None:
        is_answer = "the server responded with a status of 4" in message.text
        # What htmx says when a click on a link cut its request off; of one that fails, the browser tells too.
        was_cut_off = message.text.startswith(("htmx:afterRequest", "htmx:sendError"))
        # Tests beside this one make and remove network interfaces.
        was_moved = "ERR_NETWORK_CHANGED" in message.text
        if message.type in ("error", "warning") and not (is_answer or was_cut_off or was_moved):
            self.trouble.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.home, *NO_REQUEST)):
            self.trouble.append(f"request to another host: {request.url}")

    def _websocket(self, socket: WebSocket) -> None:
        if not socket.url.startswith(self.home.replace("http", "ws", 1)):
            self.trouble.append(f"socket to another host: {socket.url}")
