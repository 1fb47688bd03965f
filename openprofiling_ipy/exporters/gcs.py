"""
Captures as objects of Google Cloud Storage.

Credentials come from where every tool of Google's looks for them (application default credentials); none is held, shown
or logged here.
"""

from __future__ import annotations

import io
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from openprofiling_ipy.errors import MissingDependency
from openprofiling_ipy.exporters import gcs_errors, metadata, objects, parcels
from openprofiling_ipy.exporters.address import checked_endpoint

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from openprofiling_ipy.capture import Capture
    from openprofiling_ipy.exporters.base import Parcel, Progress
    from openprofiling_ipy.exporters.objects import Entry

__all__ = ["GCSExporter"]

#: Larger parcels are sent in parts of this size, each of which is tried again by itself. A multiple of 256 KiB.
_PART: Final = 8 << 20
#: How long a call is tried again, and how long one answer may take, in seconds.
_PATIENCE: Final = 10.0
_LONGEST_PAUSE: Final = 5.0
_ANSWER: Final = 30.0


class GCSExporter:
    """
    Sends captures into a bucket, as "{prefix}/{service}/{kind}-{start}-{host}-{pid}-{n}.{ext}".

    `project` owns a bucket that is made, by default the environment's. `endpoint_url` is another address of the store,
    with TLS unless it begins with http://. `kms_key` names the key to encrypt with; by default the bucket's own. A
    missing bucket is made only with `create_bucket`. `credentials` is an object of google.auth, where the default ones
    are not wanted.

    Raises MissingDependency without google-cloud-storage, and QueryError for options that mean nothing.
    """

    name = "gcs"

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        project: str | None = None,
        endpoint_url: str | None = None,
        kms_key: str | None = None,
        create_bucket: bool = False,
        credentials: Any = None,
        format: str | None = None,  # noqa: A002
    ) -> None:
        if not objects.has_module("google.cloud.storage"):
            raise MissingDependency("gcs", "Google Cloud Storage")
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self.format = format
        self._place = objects.Bucket("gs", bucket, self.prefix, checked_endpoint(endpoint_url))
        self._project = project
        self._kms_key = kms_key
        self._create = create_bucket
        self._credentials = credentials
        self._made: tuple[int, Any] | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"GCSExporter{self._place.arguments()}"

    def describe(self) -> str:
        """Return the place that captures go to."""
        return self._place.describe()

    def identity(self) -> str:
        """Return what tells this place from others in every process: its server too, where it is not Google's."""
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
        with self._calling(place, "storage.objects.create"):
            from google.api_core.exceptions import NotFound

            name = objects.key(self.prefix, parcel.name)
            put = partial(self._put, name, parcel, progress, overwrite=overwrite)
            objects.with_bucket(put, self._make_bucket if self._create else None, NotFound)
        return place

    def read(self, name: str, /) -> bytes:
        """Return the content of the object of this name (the prefix is not put before it). Raises FetchError."""
        with self._calling(self._place.address(name), "storage.objects.get", fetching=True):
            blob = self._client().bucket(self.bucket).blob(name)
            blob.reload(timeout=_ANSWER, retry=_retry())
            objects.check_size(blob.size)
            return bytes(blob.download_as_bytes(timeout=_ANSWER, retry=_retry()))

    def entries(self, since: int = 0, most: int = 100) -> list[Entry]:
        """Return the captures under the prefix begun at `since` (unix ns) or later, newest last. Raises FetchError."""
        with self._calling(self.describe(), "storage.objects.list", fetching=True):
            blobs = self._client().list_blobs(self.bucket, prefix=self._place.folder(), timeout=_ANSWER, retry=_retry())
            return objects.recent([self._entry(blob) for blob in blobs if objects.is_capture(blob.name)], since, most)

    def close(self) -> None:
        self._closed = True
        made, self._made = self._made, None
        if made is not None and made[0] == os.getpid():
            made[1].close()

    def _client(self) -> Any:
        """Return the client, made when first asked for; a forked child makes its own."""
        if self._made is None or self._made[0] != os.getpid():
            from google.cloud import storage

            # None is no project, and nothing the environment's: only a bucket that is made needs one.
            options: dict[str, Any] = {"project": self._project} if self._project or not self._create else {}
            if self._place.endpoint:
                options["client_options"] = {"api_endpoint": self._place.endpoint}
            client = storage.Client(credentials=self._credentials, **options)
            # It would ask about the bucket, on a thread of its own and for minutes where nobody answers, only to tell a
            # tracer. It looks whether it has this, and the switch that it offers is one for the whole process.
            client._bucket_metadata_cache = None  # noqa: SLF001
            self._made = os.getpid(), client
        return self._made[1]

    def _put(self, name: str, parcel: Parcel, progress: Progress | None, *, overwrite: bool) -> None:
        blob = self._client().bucket(self.bucket).blob(name, chunk_size=_PART, kms_key_name=self._kms_key)
        blob.metadata = metadata.to_headers(parcel.metadata)
        blob.upload_from_file(
            _Counted(parcel.data, progress),
            size=len(parcel.data),
            content_type=parcel.content_type,
            if_generation_match=None if overwrite else 0,
            timeout=_ANSWER,
            retry=_retry(),
        )
        if progress is not None:
            progress(len(parcel.data), len(parcel.data))

    def _make_bucket(self) -> None:
        from google.api_core.exceptions import Conflict

        try:
            self._client().create_bucket(self.bucket, timeout=_ANSWER, retry=_retry())
        except Conflict:  # another one was faster
            return

    def _entry(self, blob: Any) -> Entry:
        facts = metadata.from_headers(blob.metadata or {})
        return objects.entry(self._place.address(blob.name), blob.size, objects.ns(blob.updated), facts)

    def _calling(self, place: str, action: str, *, fetching: bool = False) -> AbstractContextManager[None]:
        host = urlsplit(self._place.endpoint or "https://storage.googleapis.com").netloc
        explain = partial(gcs_errors.explain, host=host, action=action)
        return objects.one_line(self.name, place, gcs_errors.kinds(), explain, fetching=fetching)


class _Counted(io.BytesIO):
    """Bytes that tell how far they have been read."""

    def __init__(self, data: bytes, progress: Progress | None) -> None:
        super().__init__(data)
        self._size = len(data)
        self._progress = progress

    def read(self, size: int | None = -1, /) -> bytes:
        # What is asked for next tells that what was read before has been sent.
        if self._progress is not None:
            self._progress(self.tell(), self._size)
        return super().read(size)


def _retry() -> Any:
    from google.cloud.storage.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(_PATIENCE).with_delay(maximum=_LONGEST_PAUSE)
