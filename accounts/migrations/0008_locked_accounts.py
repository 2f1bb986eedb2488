"""Who cannot sign in for now is found without reading everybody."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0007_name_words")]

    operations = [
        AddIndexConcurrently(
            model_name="user",
            index=models.Index(
                condition=models.Q(("lockout_until__isnull", False)),
                fields=["hospital", "lockout_until"],
                name="users_locked_idx",
            ),
        ),
    ]
