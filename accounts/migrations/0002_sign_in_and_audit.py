"""Our own tables: devices, tokens, counters, messages, the access log."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.db.fields


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_people")]

    operations = [
        migrations.CreateModel(
            name='AccessEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('actor_id', models.UUIDField(null=True)),
                ('actor_role', models.TextField(db_default='')),
                ('action', models.TextField()),
                ('patient_id', models.UUIDField(null=True)),
                ('object_kind', models.TextField(db_default='')),
                ('object_id', models.TextField(db_default='')),
                ('hospital_id', models.UUIDField(null=True)),
                ('surface', models.TextField(db_default='')),
                ('address', models.GenericIPAddressField(null=True)),
                ('reason', models.TextField(db_default='')),
            ],
            options={
                'db_table': 'access_events',
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('first_event_id', models.BigIntegerField()),
                ('last_event_id', models.BigIntegerField()),
                ('events', models.IntegerField()),
                ('digest', models.TextField()),
            ],
            options={
                'db_table': 'audit_seals',
            },
        ),
        migrations.CreateModel(
            name='DeviceToken',
            fields=[
                ('digest', models.CharField(max_length=128, primary_key=True, serialize=False)),
                ('token_key', models.CharField(db_index=True, max_length=25)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('expiry', models.DateTimeField(blank=True, null=True)),
                ('public_id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False)),
                ('device_name', models.TextField(db_default='')),
                ('last_used_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'device_tokens',
            },
        ),
        migrations.CreateModel(
            name='GuessCounter',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('kind', models.TextField()),
                ('subject', models.TextField()),
                ('hits', django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), default=list, size=None)),
            ],
            options={
                'db_table': 'guess_counters',
            },
        ),
        migrations.CreateModel(
            name='LoginDevice',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('secret_hash', models.TextField()),
                ('name', models.TextField(db_default='')),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('last_seen_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('stepped_up_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'login_devices',
            },
        ),
        migrations.CreateModel(
            name='SmsMessage',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('kind', models.TextField(choices=[('sign_in_code', 'sign-in code'), ('phone_changed', 'notice of a changed number'), ('reminder', 'reminder')])),
                ('number', models.TextField()),
                ('status', models.TextField(choices=[('queued', 'waiting'), ('sending', 'being sent'), ('sent', 'sent'), ('delivered', 'delivered'), ('failed', 'failed'), ('unknown', 'outcome unknown')], db_default='queued')),
                ('provider_id', models.TextField(null=True)),
                ('error_code', models.TextField(null=True)),
                ('created_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('status_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('next_try_at', models.DateTimeField(null=True)),
                ('tries', models.IntegerField(db_default=0)),
            ],
            options={
                'db_table': 'sms_messages',
            },
        ),
        migrations.AddIndex(
            model_name='accessevent',
            index=models.Index(fields=['patient_id', '-at'], name='access_events_patient_idx'),
        ),
        migrations.AddIndex(
            model_name='accessevent',
            index=models.Index(fields=['hospital_id', '-at'], name='access_events_hospital_idx'),
        ),
        migrations.AddIndex(
            model_name='accessevent',
            index=models.Index(fields=['actor_id', '-at'], name='access_events_actor_idx'),
        ),
        migrations.AddConstraint(
            model_name='auditseal',
            constraint=models.UniqueConstraint(fields=('last_event_id',), name='audit_seals_last_event_id_key'),
        ),
        migrations.AddField(
            model_name='devicetoken',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_token_set', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='guesscounter',
            constraint=models.UniqueConstraint(fields=('kind', 'subject'), name='guess_counters_kind_subject_key'),
        ),
        migrations.AddField(
            model_name='logindevice',
            name='user',
            field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='CASCADE', on_delete=django.db.models.deletion.CASCADE, related_name='login_devices', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='smsmessage',
            name='code',
            field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.onetimecode'),
        ),
        migrations.AddConstraint(
            model_name='devicetoken',
            constraint=models.UniqueConstraint(fields=('public_id',), name='device_tokens_public_id_key'),
        ),
        migrations.AddConstraint(
            model_name='logindevice',
            constraint=models.UniqueConstraint(fields=('user', 'secret_hash'), name='login_devices_user_secret_key'),
        ),
        migrations.AddIndex(
            model_name='smsmessage',
            index=models.Index(condition=models.Q(('status', 'queued')), fields=['created_at'], name='sms_messages_queued_idx'),
        ),
        migrations.AddIndex(
            model_name='smsmessage',
            index=models.Index(fields=['number', 'created_at'], name='sms_messages_number_idx'),
        ),
        migrations.AddConstraint(
            model_name='smsmessage',
            constraint=models.UniqueConstraint(fields=('provider_id',), name='sms_messages_provider_id_key'),
        ),
    ]
