"""How long a temporary password lasts, since when a person has a second factor, and mails to staff."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_patient_sign_in_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='second_factor_since',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='temporary_password_expires_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name='StaffMail',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('kind', models.TextField(choices=[('invitation', 'link to set a first password'), ('reset', 'link to set a new password')])),
                ('status', models.TextField(choices=[('queued', 'waiting'), ('sending', 'being sent'), ('sent', 'sent'), ('failed', 'failed')], db_default='queued')),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('status_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('next_try_at', models.DateTimeField(null=True)),
                ('tries', models.IntegerField(db_default=0)),
                ('user', core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'staff_mails',
                'indexes': [models.Index(condition=models.Q(('status', 'queued')), fields=['created_at'], name='staff_mails_queued_idx'), models.Index(fields=['user'], name='staff_mails_user_idx')],
            },
        ),
    ]
