from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0006_captions'),
    ]

    operations = [
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('preflight', 'Preflight'), ('speech', 'Speech'), ('track', 'Track'), ('still', 'Still'), ('captions', 'Captions'), ('preview', 'Preview'), ('talking_photo', 'Talking Photo'), ('video_dub', 'Video Dub'), ('export', 'Export')], max_length=16),
        ),
    ]
