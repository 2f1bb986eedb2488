"""Requests for erasure, what is remembered of erased numbers, and cuts of the access log."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.db.fields

CUTS = """
CREATE FUNCTION refuse_access_event_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    -- Kept long enough, and below a cut that the chain of seals is checked from.
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '6 years'
        AND OLD.id <= (SELECT max(last_event_id) FROM public.audit_cuts) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Rows of % are only ever added.', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
DROP TRIGGER access_events_append_only ON access_events;
CREATE TRIGGER access_events_append_only BEFORE UPDATE OR DELETE ON access_events
    FOR EACH ROW EXECUTE FUNCTION refuse_access_event_change();
CREATE TRIGGER audit_cuts_append_only BEFORE UPDATE OR DELETE ON audit_cuts
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_cuts_no_truncate BEFORE TRUNCATE ON audit_cuts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
"""

UNDO_CUTS = """
DROP TRIGGER audit_cuts_no_truncate ON audit_cuts;
DROP TRIGGER audit_cuts_append_only ON audit_cuts;
DROP TRIGGER access_events_append_only ON access_events;
CREATE TRIGGER access_events_append_only BEFORE UPDATE OR DELETE ON access_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
DROP FUNCTION refuse_access_event_change;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_beginnings'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditCut',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('last_seal_id', models.BigIntegerField()),
                ('last_event_id', models.BigIntegerField()),
                ('seal_digest', models.TextField()),
                ('digest', models.TextField()),
            ],
            options={
                'db_table': 'audit_cuts',
            },
        ),
        migrations.CreateModel(
            name='ErasedNumber',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('digest', models.TextField()),
                ('erased_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'erased_numbers',
            },
        ),
        migrations.CreateModel(
            name='ErasureRequest',
            fields=[
                ('id', models.UUIDField(db_default=core.db.fields.GenRandomUuid(), editable=False, primary_key=True, serialize=False)),
                ('state', models.TextField(choices=[('asked', 'asked'), ('withdrawn', 'withdrawn'), ('approved', 'being carried out'), ('done', 'done')], db_default='asked')),
                ('asked_at', models.DateTimeField(db_default=core.db.fields.TransactionNow())),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('report', models.JSONField(default=dict)),
                ('finished', models.JSONField(default=list)),
            ],
            options={
                'db_table': 'erasure_requests',
            },
        ),
        migrations.AlterField(
            model_name='onetimecode',
            name='purpose',
            field=models.TextField(choices=[('sign_in', 'sign in'), ('change_phone', 'change of number'), ('erase', "erasure of one's data")], null=True),
        ),
        migrations.AlterField(
            model_name='smsmessage',
            name='kind',
            field=models.TextField(choices=[('sign_in_code', 'sign-in code'), ('phone_code', 'code for a new number'), ('phone_changed', 'notice of a changed number'), ('erase_code', 'code to ask for erasure'), ('reminder', 'reminder'), ('visit_cancelled', 'notice of a cancelled visit'), ('visit_to_move', 'request to choose another time'), ('visit_stays', 'notice that a visit stays as booked')]),
        ),
        migrations.AddConstraint(
            model_name='erasednumber',
            constraint=models.UniqueConstraint(fields=('digest',), name='erased_numbers_digest_key'),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='approved_by',
            field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='SET NULL', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='erasurerequest',
            name='patient',
            field=core.db.fields.DbForeignKey(db_index=False, db_on_delete='RESTRICT', on_delete=django.db.models.deletion.PROTECT, related_name='erasure_requests', to='accounts.patient'),
        ),
        migrations.AddIndex(
            model_name='erasurerequest',
            index=models.Index(fields=['patient', '-asked_at'], name='erasure_requests_patient_idx'),
        ),
        migrations.AddIndex(
            model_name='erasurerequest',
            index=models.Index(fields=['-asked_at'], name='erasure_requests_asked_idx'),
        ),
        migrations.AddConstraint(
            model_name='erasurerequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'approved'])), fields=('patient',), name='erasure_requests_one_open'),
        ),
        migrations.AddConstraint(
            model_name='erasurerequest',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'withdrawn', 'approved', 'done'])), name='erasure_requests_state_known'),
        ),
        migrations.RunSQL(CUTS, UNDO_CUTS),
    ]
