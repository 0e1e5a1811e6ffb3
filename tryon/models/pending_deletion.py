"""Files that are to go: of rows that are deleted, or that never came."""

from datetime import datetime, timedelta

from django.db import models

ARRIVAL = timedelta(hours=1)  # longer than any process works between file and row


class PendingDeletion(models.Model):
    """Written with the deletion of its row, removed once the file is gone.

    Or written before its file is, and removed with the insertion of its row: a process
    killed between the two leaves no picture that nobody can see or delete.
    """

    name = models.CharField(max_length=120, primary_key=True)
    at = models.DateTimeField(db_index=True)  # from when on the file may be deleted

    class Meta:
        db_table = "tryon_doomedfile"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def expect(cls, name: str, now: datetime) -> None:
        """Before the file is written."""
        cls.objects.create(name=name, at=now + ARRIVAL)

    @classmethod
    def keep(cls, name: str) -> None:
        """Within the transaction that writes its row."""
        cls.objects.filter(name=name).delete()
