"""A booking says when it was first told of: a number that has a new owner since does not bring it to them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinical", "0021_visits_updated_at")]

    operations = [migrations.AddField("appointmentbooking", "first_told_at", models.DateTimeField(null=True))]
