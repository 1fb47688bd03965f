from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from openprofiling_ipy.analysis.places import FOLDED_FILE, NATIVE, Place, label, place, places, resolve
from tests.pictures import profile_of

FOLDER = "/home/ann/project"

CASES = [
    # Cells, as they ran.
    ("In[5]", "cell", "", "In[5]", "In[5]"),
    ("In[5.2]", "cell", "", "In[5.2]", "In[5.2]"),
    ("/tmp/ipykernel_4711/123456.py", "cell", "", "ipykernel/123456.py", "ipykernel/123456.py"),  # noqa: S108
    (r"C:\Users\ann\AppData\Local\Temp\ipykernel_4711\99.py", "cell", "", "ipykernel/99.py", "ipykernel/99.py"),
    ("<ipython-input-5-0123abcdef>", "cell", "", "In[5]", "<ipython-input-5-0123abcdef>"),
    # The user's own.
    ("/home/ann/project/src/train.py", "user", "", "src/train.py", "src/train.py"),
    ("/home/ann/project/src/../lib/x.py", "user", "", "lib/x.py", "lib/x.py"),
    ("/home/ann/other/x.py", "user", "", "…/x.py", "…/x.py"),
    ("/home/ann/project2/x.py", "user", "", "…/x.py", "…/x.py"),
    ("/home/ann/project", "user", "", "…/project", "…/project"),
    ("../x.py", "user", "", "…/x.py", "…/x.py"),
    ("src/../../../etc/x.py", "user", "", "…/x.py", "…/x.py"),
    ("~/x.py", "user", "", "…/x.py", "…/x.py"),
    ("~ann/x.py", "user", "", "…/x.py", "…/x.py"),
    ("x.py", "user", "", "x.py", "x.py"),
    ("./src/x.py", "user", "", "src/x.py", "src/x.py"),
    ("file:///home/ann/project/a%20b.py", "user", "", "a b.py", "a b.py"),
    ("file:///C:/Users/ann/x.py", "user", "", "…/x.py", "…/x.py"),
    ("file://server/share/x.py", "user", "", "…/x.py", "…/x.py"),
    ("https://ann:secret@host.example/app/x.js?token=1", "user", "", "…/x.js", "…/x.js"),
    (r"C:\Users\ann\x.py", "user", "", "…/x.py", "…/x.py"),
    ("c:/Users/ann/x.py", "user", "", "…/x.py", "…/x.py"),
    (r"\\server\share\ann\x.py", "user", "", "…/x.py", "…/x.py"),
    (r"\\?\C:\Users\ann\x.py", "user", "", "…/x.py", "…/x.py"),
    (r"\\?\UNC\server\share\x.py", "user", "", "…/x.py", "…/x.py"),
    ("/", "user", "", "…/…", "…/…"),
    # What looks like something else, but lies below the folder.
    ("/home/ann/project/In[1]", "user", "", "./In[1]", "./In[1]"),
    ("/home/ann/project/python3.11/x.py", "user", "", "./python3.11/x.py", "./python3.11/x.py"),
    ("/home/ann/project/~/x.py", "user", "", "./~/x.py", "./~/x.py"),
    ("./site-packages/p/x.py", "package", "p", "p/x.py", "site-packages/p/x.py"),
    ("..", "user", "", "…/…", "…/…"),
    ("<string>", "user", "", "<string>", "<string>"),
    ("<stdin>", "user", "", "<stdin>", "<stdin>"),
    ("/home/ann/project/app.zip/mod/x.py", "user", "", "app.zip/mod/x.py", "app.zip/mod/x.py"),
    # Installed packages.
    (
        "/home/ann/project/.venv/lib/python3.11/site-packages/pandas/core/frame.py",
        "package", "pandas", "pandas/core/frame.py", "site-packages/pandas/core/frame.py",
    ),
    ("/usr/lib/python3/dist-packages/six.py", "package", "six", "six.py", "site-packages/six.py"),
    (r"C:\Python311\Lib\site-packages\numpy\core.py", "package", "numpy", "numpy/core.py", "site-packages/numpy/core.py"),
    ("/v/site-packages/a/site-packages/b/x.py", "package", "b", "b/x.py", "site-packages/b/x.py"),
    ("/v/site-packages/foo-1.0.egg/foo/x.py", "package", "foo", "foo/x.py", "site-packages/foo/x.py"),
    ("/v/site-packages/np/_c.cpython-311-x86_64.so", "package", "np", "np/_c.cpython-311-x86_64.so", "site-packages/np/_c.cpython-311-x86_64.so"),
    ("site-packages/pandas/core/frame.py", "package", "pandas", "pandas/core/frame.py", "site-packages/pandas/core/frame.py"),
    ("<__array_function__ internals>", "package", "numpy", "<__array_function__ internals>", "<__array_function__ internals>"),
    # The standard library.
    ("/usr/lib/python3.11/json/decoder.py", "stdlib", "json", "json/decoder.py", "python3.11/json/decoder.py"),
    ("/opt/py/lib/python3.13t/re/_parser.py", "stdlib", "re", "re/_parser.py", "python3.13/re/_parser.py"),
    ("/home/ann/.pyenv/versions/3.11.7/lib/python3.11/threading.py", "stdlib", "threading", "threading.py", "python3.11/threading.py"),
    ("/usr/lib64/python3.11/ast.py", "stdlib", "ast", "ast.py", "python3.11/ast.py"),
    ("/usr/lib/pypy3.10/ast.py", "stdlib", "ast", "ast.py", "pypy3.10/ast.py"),
    (r"C:\Python311\Lib\json\decoder.py", "stdlib", "json", "json/decoder.py", "python3.11/json/decoder.py"),
    ("/usr/lib/python311.zip/json/decoder.py", "stdlib", "json", "json/decoder.py", "python3.11/json/decoder.py"),
    ("python3.11/json/decoder.py", "stdlib", "json", "json/decoder.py", "python3.11/json/decoder.py"),
    ("<frozen importlib._bootstrap>", "stdlib", "importlib", "importlib._bootstrap", "<frozen importlib._bootstrap>"),
    ("<frozen os>", "stdlib", "os", "os", "<frozen os>"),
    # What has no file.
    ("", "builtin", "", "", ""),
    ("~", "builtin", "", "", "~"),
    (FOLDED_FILE, "builtin", "", "", FOLDED_FILE),
    ("<decorator-gen-3>", "builtin", "", "<decorator-gen-3>", "<decorator-gen-3>"),
    ("<template /home/ann/x.html>", "builtin", "", "<template …>", "<template …>"),
    ("</home/ann/x>", "builtin", "", "<…>", "<…>"),
    ("/usr/lib/x86_64-linux-gnu/libc.so.6", "native", "libc", "…/libc.so.6", "…/libc.so.6"),
    (r"C:\Windows\System32\ntdll.dll", "native", "ntdll", "…/ntdll.dll", "…/ntdll.dll"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "kind", "package", "short", "private"), CASES, ids=[case[0] for case in CASES])
def test_where_a_file_belongs(file, kind, package, short, private):
    expected = Place(kind, package, short)
    assert resolve(file, FOLDER) == (expected, private)
    # The private form says the same, without knowing any folder.
    again, same = resolve(private)
    assert (again.kind, again.package, same) == (kind, package, private)
    assert place(file, FOLDER) == expected


def test_a_folder_that_holds_everybodys_homes_is_no_project():
    for folder in ("/", "/home", "/Users", "C:\\", "C:\\Users", ""):
        assert place("/home/ann/x.py", folder).short == "…/x.py"
    assert place("/home/ann/x.py", "/home/ann").short == "x.py"
    assert place(r"c:\work\p\x.py", r"C:\Work").short == "p/x.py"


def test_an_editable_install_below_the_folder_is_the_users_own():
    assert place("/home/ann/project/libs/mine/mine/x.py", FOLDER).kind == "user"


def test_known_prefixes_tell_the_standard_library():
    prefixes = ("/odd/py", "/odd/py/vendor-packages")
    assert resolve("/odd/py/json/x.py", "", prefixes) == (Place("stdlib", "json", "json/x.py"), "python3/json/x.py")
    assert resolve("/odd/py/vendor-packages/foo/x.py", "", prefixes)[0] == Place("package", "foo", "foo/x.py")
    assert resolve("python3/json/x.py")[0] == Place("stdlib", "json", "json/x.py")


def test_this_very_python():
    library, packages = sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")
    assert place(pytest.__file__).package == "pytest"
    assert place(sys.modules["json"].__file__, "", (library, packages)) == Place("stdlib", "json", "json/__init__.py")
    assert place(__file__, str(Path(__file__).parent)).short == "test_places.py"


ODD = st.text(st.sampled_from("ab/\\.:~<>[]() …%In?6") | st.characters(), max_size=20)
PIECES = st.lists(
    st.sampled_from(
        [
            "/",
            "\\",
            "..",
            "site-packages",
            "python3.11",
            "lib",
            "home",
            "ann",
            "C:",
            "x.py",
            "a.zip",
            "~",
            "…",
            "In[1]",
            "file:",
        ]
    ),
    max_size=8,
)


@settings(max_examples=500)
@given(
    ODD | st.builds("/".join, PIECES) | st.builds("".join, PIECES) | st.builds("\\".join, PIECES),
    st.sampled_from(["", FOLDER, "/home"]),
)
def test_the_private_form_of_anything_is_its_own(file, folder):
    found, private = resolve(file, folder)
    again, same = resolve(private)
    assert same == private
    assert (again.kind, again.package, again.short) == (found.kind, found.package, found.short)
    assert not private.startswith(("/", "\\"))
    assert not private.startswith("~/")
    assert "/../" not in private


def test_places_of_a_profile_and_its_labels():
    profile = profile_of(
        f"""
        1  In[3]|train=12:15  /p/src/a.py|load=4  /v/site-packages/pandas/core/frame.py|DataFrame.merge=9  <frozen␣os>|stat
        1  {NATIVE.replace(" ", "␣")}
        """,
        attributes={"folder": "/p"},
    )
    assert list(places(profile)) == ["In[3]", "/p/src/a.py", "/v/site-packages/pandas/core/frame.py", "<frozen os>", ""]
    assert places(profile)[""].kind == "native"
    assert [label(profile, function) for function in range(5)] == [
        "train · In[3]:12",
        "load · src/a.py:4",
        "DataFrame.merge · pandas/core/frame.py:9",
        "stat · os",
        NATIVE,
    ]


def test_without_native_threads_no_file_is_a_builtin():
    assert places(profile_of("1 len"))[""].kind == "builtin"
