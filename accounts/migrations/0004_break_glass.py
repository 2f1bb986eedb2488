"""When an operator opened a hospital's records, and why."""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_access_log_is_append_only'),
        ('hospitals', '0003_time_off_and_history'),
    ]

    operations = [
        migrations.CreateModel(
            name='BreakGlassGrant',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('reason', models.TextField()),
                ('started_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('hospital', core.db.fields.DbForeignKey(db_index=False, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hospitals.hospital')),
                ('operator', core.db.fields.DbForeignKey(db_index=False, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.PROTECT, related_name='break_glass_grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'break_glass_grants',
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('operator', 'hospital'), name='break_glass_grants_one_open'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('started_at'))), name='break_glass_grants_ends_after_start'), models.CheckConstraint(condition=django.db.models.lookups.GreaterThanOrEqual(django.db.models.functions.text.Length('reason'), 10), name='break_glass_grants_reason_given')],
            },
        ),
    ]
