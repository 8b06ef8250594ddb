from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('park', '0002_factor_approval'),
    ]

    operations = [
        migrations.AddField(
            model_name='target',
            name='waiver',
            field=models.TextField(blank=True, default=''),
        ),
    ]
