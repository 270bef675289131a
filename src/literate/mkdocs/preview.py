"""A preview that follows the author: serves a built site, and tells the browser what changed."""

from __future__ import annotations

import json
import mimetypes
import queue
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

#: Rebuilds what the files make; yields the address of each page once it is there, or None once the
#: whole site is.
Rebuild = Callable[[set[Path]], Iterable[str | None]]

#: An editor saves in several steps: what comes within this time is one change. Seconds.
_SETTLE = 0.004
#: How long one thread may keep the others waiting: a browser asks for a page while the next is
#: made. Seconds.
_TURN = 0.0005
_ALIVE = 20.0  # seconds between signs of life to a browser that waits for a change
_EVENTS = "_literate/changes"
#: A file, for the policy of a page admits no script in it that the build did not put there.
_LISTENER = "_literate/preview.js"
_SCRIPT = Path(__file__).parents[1] / "assets" / "literate" / "preview.js"


class Preview:
    """Serves `folder` at `http://HOST:PORT/MOUNT` and rebuilds on every change of what it watches.

    `rest` is called when nothing has changed for a moment: for what no reader waits for. Has the
    methods that MkDocs wants of its own server.
    """

    def __init__(
        self,
        address: tuple[str, int],
        mount: str,
        folder: Path,
        rebuild: Rebuild,
        rest: Callable[[], None],
    ) -> None:
        self.mount = mount if mount.endswith("/") else f"{mount}/"
        self.folder = folder.resolve()
        self._rebuild = rebuild
        self._rest = rest
        self._changes: queue.Queue[Path] = queue.Queue()
        self._browsers: set[queue.Queue[str]] = set()
        self._observer = Observer()
        self._watched: set[Path] = set()
        self._server = _Server(address, _Handler)
        self._server.preview = self
        self.url = f"http://{address[0]}:{self._server.server_port}{self.mount}"

    def watch(self, path: str | Path, *, recursive: bool = True) -> None:
        """Rebuild when this file, or a file of this folder, changes."""
        wanted = Path(path).resolve()
        if wanted in self._watched or not wanted.exists():
            return
        self._watched.add(wanted)
        # A file is watched through its folder: an editor may put another in its place.
        folder = wanted if wanted.is_dir() else wanted.parent
        with suppress(OSError):
            recursive = recursive and wanted.is_dir()
            self._observer.schedule(_Notice(self), str(folder), recursive=recursive)

    def unwatch(self, path: str | Path) -> None:
        """Leave a path alone from now on."""
        self._watched.discard(Path(path).resolve())

    def serve(self, *, open_in_browser: bool = False) -> None:
        """Serve and rebuild until Ctrl-C."""
        sys.setswitchinterval(_TURN)
        self._observer.start()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        _say(f"Serving on {self.url} (Ctrl-C ends it)")
        if open_in_browser:
            webbrowser.open(self.url)
        while True:
            self._follow(self._next_changes())

    def shutdown(self) -> None:
        """Stop serving."""
        if self._observer.is_alive():
            self._observer.stop()
            self._server.shutdown()
        self._server.server_close()

    def notice(self, path: Path) -> None:
        """A file that may be watched has changed."""
        resolved = path.resolve()
        if any(resolved == known or known in resolved.parents for known in self._watched):
            self._changes.put(resolved)

    @contextmanager
    def browser(self) -> Iterator[queue.Queue[str]]:
        """The line on which one browser hears of changes."""
        line: queue.Queue[str] = queue.Queue()
        self._browsers.add(line)
        try:
            yield line
        finally:
            self._browsers.discard(line)

    def _next_changes(self) -> set[Path]:
        changed: set[Path] = set()
        while not changed:
            try:  # the timeout lets Ctrl-C through
                changed.add(self._changes.get(timeout=0.5))
            except queue.Empty:
                self._rest()
        with suppress(queue.Empty):
            while True:
                changed.add(self._changes.get(timeout=_SETTLE))
        return changed

    def _follow(self, changed: set[Path]) -> None:
        """Rebuild, and go on serving the last good state where that fails."""
        start = time.perf_counter()
        addresses = []
        try:
            for address in self._rebuild(changed):
                self._tell(address)
                addresses.append(address)
        except (Exception, SystemExit) as error:
            _say(f"error: {error or type(error).__name__}")
            return
        if not addresses:  # an error, which has been said, or a change that shows nowhere
            return
        count = f"{len(addresses)} page{'s' * (len(addresses) != 1)}"
        what = "the site" if None in addresses else count
        _say(f"Rebuilt {what} in {time.perf_counter() - start:.2f} s")

    def _tell(self, address: str | None) -> None:
        page = None if address is None else self.mount + address
        for line in tuple(self._browsers):
            line.put(json.dumps({"page": page}))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class _Notice(FileSystemEventHandler):
    def __init__(self, preview: Preview) -> None:
        self.preview = preview

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.is_directory or event.event_type in ("opened", "closed_no_write"):
            return
        for path in (event.src_path, event.dest_path):
            if path:
                self.preview.notice(Path(str(path)))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    preview: Preview


class _Handler(BaseHTTPRequestHandler):
    """A file of the site, or the stream of changes, to a browser that asks this machine for it."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        preview = self.server.preview
        path = unquote(urlsplit(self.path).path)
        if not self._is_meant():
            self._answer(403, b"This preview answers to this machine's own names only.")
        elif path == preview.mount + _EVENTS:
            self._stream()
        elif path == preview.mount + _LISTENER:
            events = json.dumps(preview.mount + _EVENTS)
            script = _SCRIPT.read_text(encoding="utf-8").replace("EVENTS", events)
            self._answer(200, script.encode(), "text/javascript; charset=utf-8")
        elif path.startswith(preview.mount):
            self._file(path.removeprefix(preview.mount))
        else:
            self._redirect(preview.mount)

    do_HEAD = do_GET

    def _is_meant(self) -> bool:
        """Whether the address that was asked for is this machine's.

        Any site can give its own name this machine's address, and would then read along.
        """
        name = (self.headers.get("Host") or "").rpartition("@")[2].lower()
        name = name.rsplit(":", 1)[0] if not name.endswith("]") else name
        bound = {str(self.server.server_address[0]), str(self.connection.getsockname()[0])}
        return name.strip("[]") in {"127.0.0.1", "localhost", "::1", *bound}

    def _file(self, path: str) -> None:
        folder = self.server.preview.folder
        try:
            file = (folder / path).resolve()
            is_folder, is_there = file.is_dir(), file.exists()
        except (OSError, ValueError):  # no name that a file can have
            file, is_folder, is_there = folder, False, False
        if is_folder and path and not path.endswith("/"):
            self._redirect(f"{self.server.preview.mount}{path}/")
            return
        if is_folder:
            file /= "index.html"
        if is_there and file.is_relative_to(folder) and file.is_file():
            self._send(200, file)
        else:
            self._send(404, folder / "404.html")

    def _send(self, status: int, file: Path) -> None:
        data = file.read_bytes() if file.is_file() else b"404"
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        if kind == "text/html":
            source = escape(self.server.preview.mount + _LISTENER)
            data = data.replace(b"</body>", f'<script src="{source}"></script></body>'.encode(), 1)
            kind += "; charset=utf-8"
        self._answer(status, data, kind)

    def _answer(self, status: int, data: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _redirect(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", quote(address))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if self.command == "HEAD":
            return
        with self.server.preview.browser() as line, suppress(OSError):
            self.wfile.write(b": listening\n\n")
            while True:
                try:
                    message = f"data: {line.get(timeout=_ALIVE)}\n\n"
                except queue.Empty:
                    message = ": alive\n\n"
                self.wfile.write(message.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Requests are no news to an author."""
