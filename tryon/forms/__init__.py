"""What people send: checked here, in the place where they are, before anything else."""

from .account import DeleteAccountForm
from .compose import ComposeForm, FittingForm
from .fields import LineField, PictureField, UploadForm
from .garments import GarmentForm
from .photos import ConsentForm, PhotoForm, RepairForm
from .results import ReportForm, ShareForm, VoteForm

__all__ = [
    "ComposeForm",
    "ConsentForm",
    "DeleteAccountForm",
    "FittingForm",
    "GarmentForm",
    "LineField",
    "PhotoForm",
    "PictureField",
    "RepairForm",
    "ReportForm",
    "ShareForm",
    "UploadForm",
    "VoteForm",
]
