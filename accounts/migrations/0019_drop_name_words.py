"""`profiles_search_words_idx` has taken its place."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0018_search_words")]

    operations = [RemoveIndexConcurrently(model_name="profile", name="profiles_name_words_idx")]
