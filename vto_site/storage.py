"""Where static files and pictures are kept, where Django's own is not enough."""

import shutil
import tempfile

from boto3.s3.transfer import TransferConfig
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name
from whitenoise.storage import CompressedManifestStaticFilesStorage

IN_MEMORY = 40 * 1024 * 1024  # bytes: any picture; the zip of an import goes on disk

# Bytes: above any picture. S3 takes 5 GB in one part, and 10,000 parts, which boto3
# makes larger where that would not do.
PART = 32 * 1024 * 1024


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names inside JavaScript imports too, or a module would load twice."""

    support_js_module_import_aggregation = True


class MediaStorage(S3Storage):
    """Files read and written with one request, unless they are large.

    The stock one asks whether a file is there before it reads, and goes through a
    machinery for many parts (docs/performance.md has what that cost).
    """

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        client = self.bucket.meta.client
        key = self._normalize_name(clean_name(name))
        try:
            answer = client.get_object(Bucket=self.bucket_name, Key=key)
        except client.exceptions.NoSuchKey as error:
            raise FileNotFoundError(name) from error
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        shutil.copyfileobj(answer["Body"], file)
        file.seek(0)
        return File(file, name)

    def _save(self, name: str, content: "File[bytes]") -> str:
        key = self._normalize_name(clean_name(name))
        content.seek(0)
        client = self.bucket.meta.client
        parameters = self._get_write_parameters(key, content)
        if content.size <= PART:
            client.put_object(
                Bucket=self.bucket_name, Key=key, Body=content, **parameters
            )
        else:
            # In this thread: a file that is read may report it to the database.
            parts = TransferConfig(
                multipart_threshold=PART, multipart_chunksize=PART, use_threads=False
            )
            client.upload_fileobj(
                content, self.bucket_name, key, ExtraArgs=parameters, Config=parts
            )
        return str(clean_name(name))
