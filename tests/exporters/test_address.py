"""Addresses: what is one, what is none, and none that carries credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from openprofiling_ipy.errors import QueryError
from openprofiling_ipy.exporters.address import Address, checked_endpoint, is_address, parse


@pytest.mark.parametrize("text", ["s3://bucket", "gs://bucket/a/b", "memory:", "memory:x", "abfs://x/y", "S3://B/x"])
def test_addresses(text):
    assert is_address(text)


@pytest.mark.parametrize("text", ["", ".", "a/b", "/srv/s3", "C:\\profiles", "C:/profiles", "a:b", "~", Path("x")])
def test_paths(text):
    assert not is_address(text)
    with pytest.raises(QueryError, match="no address"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://bucket", Address("s3", "bucket", "")),
        ("s3://bucket/", Address("s3", "bucket", "")),
        ("S3://bucket/a/b/", Address("s3", "bucket", "a/b")),
        ("gs://bucket//a", Address("gs", "bucket", "a")),
        ("memory:", Address("memory", "", "")),
    ],
)
def test_parts(text, address):
    assert parse(text) == address


@pytest.mark.parametrize("text", ["s3://", "gs:///a"])
def test_an_address_without_a_bucket(text):
    with pytest.raises(QueryError, match=r"names no bucket: write \w+://bucket/prefix"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://AKIAKEY:hush@bucket/x",
        "s3://AKIAKEY:hu/sh@bucket/x",
        "s3://hush@bucket",
        "s3://bucket:hush/x",
        "s3://bucket/x?aws_secret_access_key=hush",
        "s3://bucket/x?a=1&X-Amz-Signature=hush",
        "gs://bucket?token=hush",
        "abfs://user:hush@bucket/x",
    ],
)
def test_credentials_are_refused_and_not_repeated(text):
    with pytest.raises(QueryError, match="credentials do not belong into an address") as caught:
        parse(text)
    assert "hush" not in str(caught.value)
    assert "AKIAKEY" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        (None, None),
        ("", None),
        ("s3.example.org:9000", "https://s3.example.org:9000"),
        ("https://s3.example.org", "https://s3.example.org"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
    ],
)
def test_endpoints_have_tls_unless_they_say_otherwise(given, whole):
    assert checked_endpoint(given) == whole


@pytest.mark.parametrize(
    "given", ["https://me:hush@s3.example.org", "hush@s3.example.org", "ftp://hush", "https://x?a=hush"]
)
def test_endpoints_that_will_not_do(given):
    with pytest.raises(QueryError) as caught:
        checked_endpoint(given)
    assert "hush" not in str(caught.value)
