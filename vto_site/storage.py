"""Where static files and pictures are kept, where Django's own is not enough."""

import shutil
import tempfile

from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name
from whitenoise.storage import CompressedManifestStaticFilesStorage

IN_MEMORY = 40 * 1024 * 1024  # bytes: any picture; the zip of an import goes on disk


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names inside JavaScript imports too, or a module would load twice."""

    support_js_module_import_aggregation = True


class MediaStorage(S3Storage):
    """Files that are one part each, read and written with one request.

    The stock one asks whether a file is there before it reads, and goes through a
    machinery for many parts (docs/performance.md has what that cost).
    """

    def _open(self, name: str, mode: str = "rb") -> File:
        client = self.bucket.meta.client
        key = self._normalize_name(clean_name(name))
        try:
            answer = client.get_object(Bucket=self.bucket_name, Key=key)
        except client.exceptions.NoSuchKey as gone:
            raise FileNotFoundError(name) from gone
        file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        shutil.copyfileobj(answer["Body"], file)
        file.seek(0)
        return File(file, name)

    def _save(self, name: str, content: File) -> str:
        key = self._normalize_name(clean_name(name))
        content.seek(0)
        self.bucket.meta.client.put_object(
            Bucket=self.bucket_name,
            Key=key,
            Body=content,
            **self._get_write_parameters(key, content),
        )
        return clean_name(name)
