"""The words of people's names, for searching by the beginning of any of them."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations
from django.db.models import F, Func, TextField, Value

# Signs that make PostgreSQL take "Dr.Huber" for a host name, "a/b" for a path, and keep it whole.
GLUE = "./@:_&?"
APART = Func(F("full_name"), Value(GLUE), Value(" " * len(GLUE)), function="translate", output_field=TextField())


class Migration(migrations.Migration):
    # Without locking a table that may hold a million names.
    atomic = False

    dependencies = [("accounts", "0006_staff_sign_in")]

    operations = [
        AddIndexConcurrently(
            model_name="profile",
            index=GinIndex(SearchVector(APART, config="simple"), name="profiles_name_words_idx", fastupdate=False),
        ),
    ]
