from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from openprofiling_ipy.analysis.places import places
from openprofiling_ipy.analysis.privacy import private
from openprofiling_ipy.analysis.weights import function_weights
from openprofiling_ipy.model import ProfileBuilder, Thread, ValueType
from openprofiling_ipy.model.attributes import PRIVATE, A
from tests.pictures import profile_of, stacks_of
from tests.strategies import profiles

NASTY = [
    "/home/ann/secret/x.py",
    "/Users/ann/x.py",
    r"C:\Users\ann\x.py",
    r"c:\Users\ann\project\y.py",
    r"\\fileserver\share\ann\x.py",
    r"\\?\C:\Users\ann\x.py",
    "file:///home/ann/x.py",
    "file://fileserver/share/x.py",
    "https://ann:pw@intranet.example/app/x.js?token=1",
    "<frozen importlib._bootstrap>",
    "<string>",
    "<template /home/ann/page.html>",
    "/home/ann/app.zip/pkg/x.py",
    "/usr/lib/python311.zip/json/decoder.py",
    "/tmp/ipykernel_4711/456.py",  # noqa: S108
    "/home/ann/.venv/lib/python3.11/site-packages/pandas/core/frame.py",
    "/home/ann/.local/lib/python3.11/site-packages/pandas/core/frame.py",
    "/home/ann/work/src/train.py",
    "../../ann/x.py",
    "~ann/x.py",
    "~/x.py",
    "In[5]",
]
ATTRIBUTES = {
    A.KIND: "cpu",
    A.NUMBER: 3,
    A.NAME: "run of /home/ann/secret/x.py",
    A.LABEL: "pid 4711",
    A.ERROR: "FileNotFoundError: [Errno 2] No such file or directory: '/home/ann/my data/x.csv' on north",
    A.HOST: "north",
    A.USER: "ann",
    A.PID: 4711,
    A.FOLDER: "/home/ann/work",
    A.PREFIXES: "/home/ann/.pyenv/lib/python3.11",
    "command line": "python /home/ann/x.py --password 1",
}
TELLING = [
    "/home",
    "/Users",
    "C:",
    "c:",
    "ann",
    "fileserver",
    "intranet",
    "north",
    "4711",
    "token",
    "secret",
    "\\",
    "//",
]


def nasty(files=NASTY, **arguments):
    builder = ProfileBuilder([ValueType("cpu", "ns")])
    lane = builder.thread(Thread("MainThread"))
    for weight, file in enumerate(files, 1):
        builder.sample(builder.stack([builder.frame(builder.function("run", file))]), lane, [weight])
    return builder.build(**{"attributes": ATTRIBUTES} | arguments)


def test_nothing_tells_of_a_person_or_a_machine():
    profile = private(nasty(sources=dict.fromkeys(NASTY, "x = 1")))
    texts = [*profile.strings, *profile.sources, *map(str, profile.attributes.values())]
    assert [text for text in texts for word in TELLING if word in text] == []
    assert not PRIVATE & set(profile.attributes)
    assert "command line" not in profile.attributes


def test_attributes_say_what_they_may():
    facts = private(nasty()).attributes
    assert facts[A.NAME] == "run of …/x.py"
    assert facts[A.LABEL] == "pid …"
    assert facts[A.ERROR] == "FileNotFoundError: [Errno 2] No such file or directory: '…/x.csv' on …"
    assert (facts[A.KIND], facts[A.NUMBER]) == ("cpu", 3)


def test_different_files_stay_different():
    before = nasty()
    after = private(before)
    assert len(after.functions) == len(before.functions)
    assert len({after.function_file(i) for i in range(len(after.functions))}) == len(NASTY)
    assert after.samples.values.ravel().tolist() == before.samples.values.ravel().tolist()
    files = [after.function_file(i) for i in range(len(NASTY))]
    assert files[NASTY.index("/home/ann/work/src/train.py")] == "src/train.py"
    assert files[:3] == ["…/x.py", "…/x.py (2)", "…/x.py (3)"]
    assert sorted(f for f in files if "pandas" in f) == [
        "site-packages/pandas/core/frame.py",
        "site-packages/pandas/core/frame.py (2)",
    ]


def test_a_name_that_is_taken_already_is_not_given_twice():
    files = ["/a/x.py", "/b/x.py", "…/x.py (2)", "…/x.py", "/c/x.py"]
    after = private(nasty(files, attributes={}))
    assert [after.function_file(i) for i in range(5)] == [
        "…/x.py (3)",
        "…/x.py (4)",
        "…/x.py (2)",
        "…/x.py",
        "…/x.py (5)",
    ]
    assert private(after) == after


def test_the_users_name_goes_even_below_the_folder():
    after = private(
        nasty(["/data/all/ann/x.py", "/data/all/bob/y.py"], attributes={A.FOLDER: "/data/all", A.USER: "ann"})
    )
    assert [after.function_file(i) for i in range(2)] == ["…/x.py", "bob/y.py"]
    # Where no user is known, homes tell who it is.
    after = private(nasty(["/home/ann/y.py", "/data/all/ann/x.py"], attributes={A.FOLDER: "/data/all"}))
    assert after.function_file(1) == "…/x.py"


def test_sources_and_expressions_are_the_users_code():
    profile = profile_of(
        "1 In[1]|f:1{open('/home/ann/x')}", sources={"In[1]": "open('/home/ann/x')", "/home/ann/y.py": "1"}
    )
    after = private(profile)
    assert after.sources == {"In[1]": "open('/home/ann/x')", "…/y.py": "1"}
    assert "open('/home/ann/x')" in after.strings


def test_thread_names_stay():
    profile = profile_of("@worker /x\n1 f")
    assert private(profile).threads == profile.threads


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("main (/home/ann/a.py:3)", "main (…/a.py:3)"),
        (r"main [C:\Users\ann\a.py]", "main […/a.py]"),
        (r"\\server\share\a.py", "…/a.py"),
        ("open '/home/ann/my data/a b.csv'", "open '…/a b.csv'"),
        ("https://ann@host/x?token=1", "…"),
        ("file:///home/ann/x.py", "…/x.py"),
        ("~/x.py", "…/x.py"),
        ("operator /", "operator /"),
        ("a / b", "a / b"),
        ("a/b", "a/b"),
        ("a//b", "a//b"),
        ("Class.method.<locals>.<lambda>", "Class.method.<locals>.<lambda>"),
        ("…/x.py", "…/x.py"),
        ("re.compile('\\\\d')", "re.compile('\\\\d')"),
    ],
)
def test_paths_in_other_words(name, kept):
    profile = nasty(["x.py"], attributes={A.NAME: name})
    assert private(profile).attributes[A.NAME] == kept
    assert private(profile_of("1 " + name.replace(" ", "␣").replace("|", ""))).function_name(0) == kept


@given(profiles(), st.sampled_from(["/w", "", "/", "/elsewhere"]))
def test_private_changes_no_weight_and_nothing_twice(profile, folder):
    from dataclasses import replace

    profile = replace(profile, attributes={**profile.attributes, A.FOLDER: folder, A.USER: "a"})
    once = private(profile)
    assert private(once) == once
    for value in range(len(profile.value_types)):
        assert [w.tolist() for w in function_weights(once, value)] == [
            w.tolist() for w in function_weights(profile, value)
        ]
    assert once.stacks.parent.tolist() == profile.stacks.parent.tolist()
    before, after = places(profile), places(once)
    for i in range(len(profile.functions)):
        one, two = before[profile.function_file(i)], after[once.function_file(i)]
        assert (one.kind, one.package) == (two.kind, two.package)
    assert stacks_of(once, lines=True) == stacks_of(profile, lines=True)


@given(
    st.lists(
        st.text(st.sampled_from("ab/\\.:~ '\"()<>In[]1?") | st.characters(), max_size=16),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
def test_any_names_are_private_once_and_for_all(texts):
    profile = nasty(texts, attributes={A.NAME: texts[0], A.USER: "a", A.FOLDER: "/b"}, sources=dict.fromkeys(texts, ""))
    once = private(profile)
    assert private(once) == once
    assert len({once.function_file(i) for i in range(len(texts))}) == len(texts)
    assert len(once.sources) == len(texts)
