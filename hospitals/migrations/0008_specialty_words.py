"""Specialties by their words, as people type them."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

from core.db.name_search import name_words


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("hospitals", "0007_emergency_words"), ("accounts", "0018_search_words")]

    operations = [
        AddIndexConcurrently(
            model_name="doctor",
            index=GinIndex(name_words("specialty"), name="doctors_specialty_words_idx", fastupdate=False),
        ),
    ]
