"""Files whose row is deleted and which may still be there."""

from django.db import models


class DoomedFile(models.Model):
    """Written with the deletion of its row, removed once the file is gone."""

    name = models.CharField(max_length=120, primary_key=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
