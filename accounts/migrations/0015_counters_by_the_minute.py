"""`guess_counters` also counts by the minute. It is purged daily, so the new index is built in a moment."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_sms_by_code")]

    operations = [
        migrations.AddField(model_name="guesscounter", name="minute", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="guesscounter", name="hits_in_minute", field=models.IntegerField(db_default=0)
        ),
        migrations.AddConstraint(
            model_name="guesscounter",
            constraint=models.UniqueConstraint(
                fields=["kind", "subject", "minute"],
                nulls_distinct=False,
                name="guess_counters_kind_subject_minute_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="guesscounter",
            constraint=models.CheckConstraint(
                condition=Q(minute__isnull=True, hits_in_minute=0) | Q(minute__isnull=False, hits__len=0),
                name="guess_counters_moments_or_a_number",
            ),
        ),
        migrations.RemoveConstraint(model_name="guesscounter", name="guess_counters_kind_subject_key"),
    ]
