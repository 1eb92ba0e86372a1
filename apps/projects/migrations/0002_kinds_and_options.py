import django.db.models.deletion
from django.db import migrations, models

_DEFAULTS = {"aspect": "source", "style": "natural", "frames_per_second": "25", "seed": 0, "label_corner": "bottom-left"}


def gather_options(apps, schema_editor):
    """What differs from the defaults moves from its column into the document."""
    Project = apps.get_model("projects", "Project")
    for project in Project.objects.only("pk", *_DEFAULTS).iterator():
        chosen = {name: getattr(project, name) for name in _DEFAULTS if getattr(project, name) != _DEFAULTS[name]}
        if chosen:
            Project.objects.filter(pk=project.pk).update(options=chosen)


def scatter_options(apps, schema_editor):
    Project = apps.get_model("projects", "Project")
    for project in Project.objects.only("pk", "options").iterator():
        chosen = {name: value for name, value in project.options.items() if name in _DEFAULTS}
        if chosen:
            Project.objects.filter(pk=project.pk).update(**chosen)


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0001_initial"),
        ("uploads", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="clip",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="uploads.asset",
            ),
        ),
        migrations.AddField(model_name="project", name="options", field=models.JSONField(blank=True, default=dict)),
        migrations.AddField(model_name="project", name="version", field=models.PositiveIntegerField(default=1)),
        migrations.AlterField(
            model_name="project",
            name="kind",
            field=models.CharField(
                choices=[("talking_photo", "Talking Photo"), ("video_dub", "Video Dub")],
                default="talking_photo",
                max_length=16,
            ),
        ),
        migrations.RunPython(gather_options, scatter_options),
        migrations.RemoveField(model_name="project", name="aspect"),
        migrations.RemoveField(model_name="project", name="frames_per_second"),
        migrations.RemoveField(model_name="project", name="label_corner"),
        migrations.RemoveField(model_name="project", name="seed"),
        migrations.RemoveField(model_name="project", name="style"),
    ]
