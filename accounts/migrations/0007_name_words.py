"""The words of people's names, for searching by the beginning of any of them."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from core.db.name_search import name_words


class Migration(migrations.Migration):
    # Without locking a table that may hold a million names.
    atomic = False

    dependencies = [("accounts", "0006_staff_sign_in")]

    operations = [
        AddIndexConcurrently(
            model_name="profile",
            index=GinIndex(name_words(), name="profiles_name_words_idx", fastupdate=False),
        ),
    ]
