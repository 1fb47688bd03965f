"""
Captures as objects of S3, or of a store that speaks like it (MinIO, Ceph, R2, ...).

Credentials come from where every tool of AWS looks for them; none is held, shown or logged here. Bodies are part of the
signature, so that the store itself tells what was damaged on its way; the newer checksums, which many stores do not
know, are not asked for.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from openprofiling_ipy.errors import ExportError, InvalidOption, MissingDependency, QueryError
from openprofiling_ipy.exporters import metadata, objects, parcels, s3_errors
from openprofiling_ipy.exporters.address import checked_endpoint
from openprofiling_ipy.exporters.s3_client import Connection, Keys, patiently

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.exporters.base import Parcel, Progress
    from openprofiling_ipy.exporters.objects import Entry

__all__ = ["S3Exporter"]

#: Larger parcels are sent in parts of this size, each of which is tried again by itself. S3 takes none below 5 MiB.
_PART: Final = 8 << 20
_ENCRYPTIONS: Final = ("AES256", "aws:kms", "aws:kms:dsse")
#: How many objects are asked about at a time.
_AT_ONCE: Final = 8


class S3Exporter:
    """
    Sends captures into a bucket, as "{prefix}/{service}/{kind}-{start}-{host}-{pid}-{n}.{ext}".

    `endpoint_url` is another store than Amazon's, with TLS unless it begins with http://. `path_style` puts the bucket
    into the path; None decides by the store. `encryption` is "AES256", "aws:kms" or "aws:kms:dsse", by default the
    bucket's own; `kms_key` names the key. A missing bucket is made only with `create_bucket`. `profile` is one of
    ~/.aws/config, `session` a `boto3.Session` with credentials of its own; `access_key`, `secret_key` and
    `session_token` are for those that a person has just typed.

    Raises MissingDependency without boto3, and QueryError for options that mean nothing.
    """

    name = "s3"

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        path_style: bool | None = None,
        encryption: str | None = None,
        kms_key: str | None = None,
        create_bucket: bool = False,
        profile: str | None = None,
        session: Any = None,
        access_key: str | None = None,
        secret_key: str | None = None,
        session_token: str | None = None,
        format: str | None = None,  # noqa: A002
    ) -> None:
        if not objects.has_module("boto3"):
            raise MissingDependency("s3", "S3")
        if bool(access_key) != bool(secret_key):
            raise QueryError("access_key and secret_key belong together: give both, or none for the environment's")
        if kms_key and encryption is None:
            encryption = "aws:kms"
        if encryption is not None and encryption not in _ENCRYPTIONS:
            raise InvalidOption("encryption", encryption, f"one of {', '.join(_ENCRYPTIONS)}")
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self.format = format
        self._place = objects.Bucket("s3", bucket, self.prefix, checked_endpoint(endpoint_url))
        self._connection = Connection(
            self._place.endpoint, region, path_style, profile, session, Keys(access_key, secret_key, session_token)
        )
        self._create = create_bucket
        self._options = {"ServerSideEncryption": encryption} if encryption else {}
        self._options |= {"SSEKMSKeyId": kms_key} if kms_key else {}
        self._closed = False

    def __repr__(self) -> str:
        return f"S3Exporter{self._place.arguments()}"

    def describe(self) -> str:
        """Return the place that captures go to."""
        return self._place.describe()

    def identity(self) -> str:
        """Return what tells this place from others in every process: its server too, where it is not Amazon's."""
        return self._place.identity()

    def export(self, capture: Capture, /) -> str:
        """Send it now and return its address. Raises ExportError or FormatError."""
        return self.send(parcels.pack(capture, self.format))

    def send(self, parcel: Parcel, /, progress: Progress | None = None, *, overwrite: bool = True) -> str:
        """
        Send it and return its address. Raises ExportError.

        With `overwrite` off, an object of that name is left alone and the parcel is refused.
        """
        place = f"{self.describe()}/{parcel.name}"
        if self._closed:
            raise objects.closed(self, place)
        with self._calling(place, "s3:PutObject"):
            target = {"Bucket": self.bucket, "Key": objects.key(self.prefix, parcel.name)}
            if not overwrite and self._is_there(target):
                raise ExportError(self.name, place, objects.TAKEN)
            put = partial(self._put, target, parcel, progress, overwrite=overwrite)
            make = self._make_bucket if self._create else None
            objects.with_bucket(put, make, self._client().exceptions.NoSuchBucket)
        return place

    def read(self, name: str, /) -> bytes:
        """Return the content of the object with this key (the prefix is not put before it). Raises FetchError."""
        with self._calling(self._place.address(name), "s3:GetObject", fetching=True):
            answer = self._client().get_object(Bucket=self.bucket, Key=name)
            objects.check_size(answer["ContentLength"])
            with contextlib.closing(answer["Body"]) as body:
                return bytes(body.read())

    def entries(self, since: int = 0, most: int = 100) -> list[Entry]:
        """Return the captures under the prefix begun at `since` (unix ns) or later, newest last. Raises FetchError."""
        with self._calling(self.describe(), "s3:ListBucket", fetching=True):
            from concurrent.futures import ThreadPoolExecutor

            pages = self._client().get_paginator("list_objects_v2")
            found = [
                objects.entry(self._place.address(item["Key"]), item["Size"], objects.ns(item["LastModified"]))
                for page in pages.paginate(Bucket=self.bucket, Prefix=self._place.folder())
                for item in page.get("Contents", ())
                if objects.is_capture(item["Key"])
            ]
            chosen = objects.recent(found, since, most)
            # A listing tells names and sizes; what else is known has to be asked for, object by object.
            with ThreadPoolExecutor(_AT_ONCE, "openprofiling-list") as pool:
                return list(pool.map(self._asked, chosen))

    def close(self) -> None:
        self._closed = True
        self._connection.close()

    def _client(self) -> Any:
        return self._connection.client()

    def _is_there(self, target: dict[str, str]) -> bool:
        """Tell whether an object of that name is seen; not every store heeds the condition that uploads carry."""
        from botocore.exceptions import ClientError

        try:
            patiently(self._client().head_object, **target)
        except ClientError:  # there is none, or it may not be asked for
            return False
        return True

    def _put(self, target: dict[str, str], parcel: Parcel, progress: Progress | None, *, overwrite: bool) -> None:
        client, data = self._client(), parcel.data
        condition = {} if overwrite else {"IfNoneMatch": "*"}
        options = self._options | {
            "ContentType": parcel.content_type,
            "Metadata": metadata.to_headers(parcel.metadata),
        }
        if len(data) > _PART:
            _put_parts(client, target=target, parcel=parcel, options=options, condition=condition, progress=progress)
            return
        patiently(client.put_object, **target, **options, **condition, Body=data)
        if progress is not None:
            progress(len(data), len(data))

    def _make_bucket(self) -> None:
        client = self._client()
        region = client.meta.region_name
        # Amazon's first region is the one that must not be named.
        where = {} if region in (None, "us-east-1", "aws-global") else {"LocationConstraint": region}
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=self.bucket, **({"CreateBucketConfiguration": where} if where else {}))

    def _asked(self, entry: Entry) -> Entry:
        from botocore.exceptions import ClientError

        try:
            answer = self._client().head_object(Bucket=self.bucket, Key=entry.address.split("/", 3)[3])
        except ClientError:  # gone meanwhile, or not ours to see: the name has told something
            return entry
        return objects.entry(entry.address, entry.size, entry.modified, metadata.from_headers(answer["Metadata"]))

    def _calling(self, place: str, action: str, *, fetching: bool = False) -> AbstractContextManager[None]:
        def explain(error: Exception) -> tuple[str, bool]:
            return s3_errors.explain(error, self._connection.host, action, self._connection.secrets())

        return objects.one_line(self.name, place, s3_errors.kinds(), explain, fetching=fetching)


def _put_parts(
    client: Any,
    *,
    target: dict[str, str],
    parcel: Parcel,
    options: dict[str, Any],
    condition: dict[str, str],
    progress: Progress | None,
) -> None:
    """Upload in parts, one after the other: no thread of ours is needed in somebody's program."""
    from botocore.exceptions import EndpointConnectionError

    data, parts = parcel.data, []
    begun = patiently(client.create_multipart_upload, **target, **options)
    upload = target | {"UploadId": begun["UploadId"]}
    try:
        for number, begin in enumerate(range(0, len(data), _PART), 1):
            piece = data[begin : begin + _PART]
            answer = patiently(client.upload_part, **upload, PartNumber=number, Body=piece)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            if progress is not None:
                progress(begin + len(piece), len(data))
        patiently(client.complete_multipart_upload, **upload, **condition, MultipartUpload={"Parts": parts})
    except EndpointConnectionError:  # nobody is there to be told
        raise
    except BaseException:
        # Parts that nobody needs any more are paid for until they are dropped.
        with contextlib.suppress(Exception):
            client.abort_multipart_upload(**upload)
        raise
