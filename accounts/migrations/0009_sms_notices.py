"""Messages about what another app keeps."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_locked_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='smsmessage',
            name='about_id',
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name='smsmessage',
            name='kind',
            field=models.TextField(choices=[('sign_in_code', 'sign-in code'), ('phone_code', 'code for a new number'), ('phone_changed', 'notice of a changed number'), ('reminder', 'reminder'), ('visit_cancelled', 'notice of a cancelled visit'), ('visit_to_move', 'request to choose another time'), ('visit_stays', 'notice that a visit stays as booked')]),
        ),
    ]
