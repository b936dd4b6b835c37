"""Serve the explorer: one page in which you flip who wrote a symbol and watch both posteriors move."""

from argparse import Namespace
from pathlib import Path

from causal_agency.cli import Command
from causal_agency.explore._npm import PYODIDE, NotFetched, fetch, find
from causal_agency.explore._page import files, is_free, write
from causal_agency.explore._server import Server


def read_arguments(arguments: list[str] | None = None) -> tuple[Command, Namespace]:
    """Return the command and what it is asked for."""
    command = Command("causal_agency.explore", description=__doc__)
    command.add_argument("--port", type=int, default=0, help="where to serve it; the default is a free port")
    command.add_argument("--open", action="store_true", help="open it in the browser, too")
    command.add_argument(
        "--pyodide",
        action="store_true",
        help="fetch Pyodide with npm first (once, 14 MB): Python then runs in the page",
    )
    command.add_argument(
        "--static", type=Path, metavar="DIR", help="write the page and Pyodide into this new folder, for any web server"
    )
    args = command.parse_args(arguments)
    if not 0 <= args.port <= 65535:
        command.error(f"--port {args.port}: a port is a number up to 65535")
    if args.static and not is_free(args.static):
        command.error(f"{args.static} holds other files: name a folder that is new or empty")
    return command, args


def serve(command: Command, port: int, pyodide: Path | None, browse: bool) -> None:
    """Serve the page until Ctrl-C."""
    try:
        server = Server(port, files(pyodide, server=True))
    except OSError as problem:
        command.error(f"cannot serve at port {port}: {problem.strerror}; leave out --port for a free one")
    print(f"The explorer is at {server.url} (Ctrl-C ends it)", flush=True)
    if browse:
        import webbrowser

        webbrowser.open(server.url)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()


def main() -> None:
    """Serve the page, or write it into a folder."""
    command, args = read_arguments()
    try:
        pyodide = fetch(PYODIDE) if args.pyodide or args.static else find(PYODIDE)
    except NotFetched as problem:
        if args.static:
            command.error(str(problem))
        print(f"{problem}: Python answers from this server instead")
        pyodide = None
    if args.static and pyodide:
        write(args.static, pyodide)
        print(f"The explorer is in {args.static}: serve that folder with any web server")
    else:
        serve(command, args.port, pyodide, args.open)


if __name__ == "__main__":
    main()
