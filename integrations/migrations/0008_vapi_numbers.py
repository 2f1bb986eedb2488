"""The numbers the assistant answers, each for a hospital."""

import django.db.models.deletion
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):

    dependencies = [
        ('hospitals', '0005_reminder_kinds'),
        ('integrations', '0007_unscrubbed'),
    ]

    operations = [
        migrations.CreateModel(
            name='VapiNumber',
            fields=[
                ('number', models.TextField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow(), editable=False)),
                ('hospital', core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, related_name='vapi_numbers', to='hospitals.hospital')),
            ],
            options={
                'db_table': 'vapi_numbers',
                'indexes': [models.Index(fields=['hospital'], name='vapi_numbers_hospital_idx')],
            },
        ),
    ]
