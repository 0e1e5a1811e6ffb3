"""What each staff role may do; made by a migration, changed by a shop as it likes."""

ROLES = {
    "Reviewer": [
        "review_result",
        "view_private_media",
        "view_result",
        "view_tryon",
        "view_photo",
        "view_garment",
    ],
    "Catalogue editor": ["add_garment", "change_garment", "view_garment"],
    "Operator": [
        "view_key",
        "change_key",
        "view_apirequest",
        "view_tryon",
        "change_tryon",
        "view_user",
        "change_user",
        "delete_user",
        "view_garment",
    ],
}
