"""`%oprof` and `%%oprof`: parse, call, display. No logic."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher
from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)
from IPython.core.magic_arguments import MagicArgumentParser
from IPython.utils._process_common import arg_split

from openprofiling_ipy.errors import OpenProfilingError, QueryError, choices
from openprofiling_ipy.look import server
from openprofiling_ipy.notebook import arguments, completion
from openprofiling_ipy.notebook.arguments import VERBS, Options, unquoted
from openprofiling_ipy.notebook.hooks import Notebook, place
from openprofiling_ipy.notebook.interrupts import Held
from openprofiling_ipy.notebook.verbs import Verbs
from openprofiling_ipy.notebook.verbs_arm import ArmVerbs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["OprofMagics", "load", "unload"]


def _parser() -> MagicArgumentParser:
    """Return the parser of the words behind `%%oprof`; its help is what `%%oprof?` shows."""
    parser = MagicArgumentParser("%oprof", description=_CELL)  # type: ignore[no-untyped-call]
    parser.allow_abbrev = False
    add = parser.add_argument
    add("kind", nargs="?", default="cpu", help="what to show first: cpu (the default) or wall; both are recorded")
    add("--rate", metavar="HZ", help="samples a second, 100 by default")
    add("--name", default="", help="what to call the capture")
    add("--threads", action="store_true", help="show all threads, the kernel's too")
    add("--children", action="store_true", help="record the processes that it starts, too")
    add("--for", dest="repeat", metavar="TIME", help="repeat a short cell for about so long, such as 2s")
    add("--every", metavar="TIME", help="refresh the picture while the cell runs, such as every 5s")
    add("--export", metavar="DEST", help="also save it: a folder, a file name or s3://bucket/prefix")
    add("--format", help="how to save it: speedscope, html, cpuprofile, folded or pprof")
    add("--budget", metavar="SIZE", default="", help="how large the output may be, such as 1MB, or off")
    add("--quiet", action="store_true", help="show the header only")
    add("--widget", action="store_true", help="show it as a live widget, whose Export button reaches the kernel")
    add("-o", dest="output", metavar="NAME", default="", help="put the capture into this variable")
    return parser


_CELL = """\
Profile this cell and show where its time went, below its own output.

The cell behaves as it does without this line: its value, its errors, its await. The line stands first, also above other
cell magics; below comments and blank lines it works too.

    %%oprof
    df = load(); train(df)
"""
_LINE = """\
Profile a statement, record across cells, or look at captures.

    %oprof                       what is running, and a cheat sheet
    %oprof KIND [options] EXPR   profile one statement; its value is kept; options as for %%oprof
    %oprof start [KIND] [--rate HZ] [--name NAME] [--threads] [--children]
    %oprof stop [N]              end a recording and show it
    %oprof list                  the captures so far
    %oprof list ADDRESS [--since TIME]          those at s3://bucket/prefix
    %oprof show [N]
    %oprof export [N] [DEST] [--format FORMAT]
    %oprof load PATH             or an address
    %oprof forget N | --all
    %oprof auto KIND [--over TIME] | off     record every cell, show those that take longer (1s)
    %oprof arm SIGNAL [KIND] [--export DEST]    a signal starts, again stops
    %oprof arm http [PORT] [--export DEST]
    %oprof disarm [NAME]
    %oprof panel                 start, stop, show and export by buttons, also while a cell runs

N is #3, In[5] (the newest of that cell), a name, or left out (the newest).
"""
_PARSER = _parser()


@magics_class
class OprofMagics(Magics):
    """The magics of one shell."""

    shell: Any

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.notebook = Notebook(shell)
        #: Ends that a terminal may look at this kernel.
        self.unlook: Callable[[], None] = lambda: None
        self.arming = ArmVerbs(self.notebook)
        more = self.arming
        self.verbs = Verbs(self.notebook.display, _options, self.notebook.label, more.verbs, more.standing)

    def cell(self, line: str, cell: str | None) -> Any:
        __tracebackhide__ = True
        with _one_line():
            options = _options(_words(line))
        if cell is None:  # the marker that stands for the line in a cell
            return self.notebook.begin(options)
        filename = self.shell.compile.cache(cell, self.shell.execution_count, raw_code=cell)
        self.notebook.cells.adopt(filename, self.notebook.label(), cell)
        return self.notebook.call(options, cell, filename)

    def line(self, line: str, local_ns: dict[str, Any] | None = None) -> Any:
        __tracebackhide__ = True
        first, _, rest = line.strip().partition(" ")
        if first in VERBS or not first:
            # Two frames up is the user's: {name} and $name stand for variables, as in other magics.
            words = _words(self.shell.var_expand(rest, depth=2))
            with Held() as interrupt, _one_line():
                self.verbs(first, words)
            interrupt.pass_on(*place())
            return None
        with _one_line():
            if first not in completion.kinds():
                raise QueryError(f"%oprof does not know {first!r}: {choices(first, [*completion.kinds(), *VERBS])}")
            words, code = completion.split_statement(rest)
            options = _options([first, *map(unquoted, words)])
            if not code:
                raise QueryError(f"%oprof {first} needs a statement behind it; %%oprof {first} profiles a cell")
        return self.notebook.call(options, code, names=local_ns)

    cell.__doc__ = _PARSER.format_help()
    line.__doc__ = _LINE
    # IPython's decorators take no methods, as far as their types say.
    cell = cell_magic("oprof")(cell)  # type: ignore[arg-type]
    line = line_magic("oprof")(output_can_be_silenced(no_var_expand(needs_local_scope(line))))  # type: ignore[arg-type]


def load(shell: Any) -> None:
    """Put the magics and hooks into a shell that does not have them."""
    if OprofMagics.__name__ in shell.magics_manager.registry:
        return
    magics = OprofMagics(shell)
    shell.register_magics(magics)
    magics.notebook.load()
    magics.unlook = server.listen()
    shell.Completer.custom_matchers.append(_matcher)


def unload(shell: Any) -> None:
    """Take the magics and hooks out again."""
    manager = shell.magics_manager
    magics = manager.registry.pop(OprofMagics.__name__, None)
    if magics is None:
        return
    for kind in ("line", "cell"):
        manager.magics[kind].pop("oprof", None)
    magics.unlook()
    magics.arming.close()
    magics.notebook.unload()
    shell.Completer.custom_matchers.remove(_matcher)


def _options(words: list[str]) -> Options:
    """Read the words behind `%%oprof`. Raises UsageError or OpenProfilingError."""
    if "%%oprof" in words:
        raise QueryError("one %%oprof a cell: cpu and wall both record CPU and waiting; take one line away")
    given, unknown = _PARSER.parse_known_args(words)
    if unknown:
        if unknown[0] in ("-h", "--help"):
            raise QueryError("%%oprof? shows the options of a cell, %oprof? what else there is")
        if unknown[0] in completion.kinds():
            raise QueryError(f"one kind a cell: {given.kind} and {unknown[0]} both record CPU and waiting")
        known = [*completion.VALUED, *completion.FLAGS]
        raise QueryError(f"%%oprof does not know {unknown[0]!r}: {choices(unknown[0], known)}")
    if given.format:
        from openprofiling_ipy.formats import registry

        registry.by_name(given.format)
    return Options(
        kind=given.kind,
        rate=None if given.rate is None else arguments.rate(given.rate),
        name=given.name,
        threads=given.threads,
        children=given.children,
        repeat=0.0 if given.repeat is None else arguments.seconds("--for", given.repeat),
        every=0.0 if given.every is None else arguments.seconds("--every", given.every),
        export=given.export,
        format=given.format,
        budget=arguments.size("--budget", given.budget) if given.budget else arguments.BUDGET,
        quiet=given.quiet,
        widget=given.widget,
        output=given.output,
    )


@context_matcher(identifier="oprof", priority=1000)  # type: ignore[untyped-decorator]
def _matcher(context: Any) -> dict[str, Any]:
    """Answer IPython's completer alone where the cursor stands behind `%oprof`, jedi and files elsewhere."""
    found = completion.complete(context.text_until_cursor)
    if not found or not found[1]:
        return {"completions": [], "suppress": False}
    typed, words = found
    return {
        "completions": [SimpleCompletion(text=word, type="magic") for word in words],
        "matched_fragment": typed,
        "ordered": True,
        "suppress": True,
    }


@contextmanager
def _one_line() -> Iterator[None]:
    """Turn what is wrong with a magic's words into IPython's own one-line error, without a traceback of ours."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise UsageError(f"{where}{error.strerror or error}") from None
    except OpenProfilingError as error:
        raise UsageError(" ".join(str(error).split())) from None


def _words(line: str) -> list[str]:
    try:
        return [unquoted(word) for word in arg_split(line)]
    except ValueError as error:
        raise UsageError(f"oprof cannot read {line!r}: {error}") from None
