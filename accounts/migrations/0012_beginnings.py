"""Numbers and emails by how they begin, whatever the database's collation."""

from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0011_sms_by_time")]

    operations = [
        AddIndexConcurrently(
            model_name="user",
            index=models.Index(OpClass("phone", "text_pattern_ops"), name="users_phone_beginning_idx"),
        ),
        AddIndexConcurrently(
            model_name="user",
            index=models.Index(OpClass(Lower("email"), "text_pattern_ops"), name="users_email_beginning_idx"),
        ),
    ]
