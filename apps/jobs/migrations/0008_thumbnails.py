from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0007_previews'),
    ]

    operations = [
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('preflight', 'Preflight'), ('speech', 'Speech'), ('track', 'Track'), ('still', 'Still'), ('thumbnail', 'Thumbnail'), ('captions', 'Captions'), ('preview', 'Preview'), ('talking_photo', 'Talking Photo'), ('video_dub', 'Video Dub'), ('export', 'Export')], max_length=16),
        ),
    ]
