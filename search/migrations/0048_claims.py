import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0047_sessions'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClaimedGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('membership', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to='search.user_groups')),
            ],
        ),
        migrations.CreateModel(
            name='ClaimedRole',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(max_length=20)),
                ('before', models.CharField(max_length=20)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='claimed_role', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ClaimRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claim', models.CharField(help_text='As the provider calls it: groups, or realm_access.roles.', max_length=200)),
                ('value', models.CharField(help_text='Word for word; of a list it is enough that this is in it.', max_length=200)),
                ('role', models.CharField(blank=True, choices=[('contributor', 'Contributor: may also upload, and edit what is theirs'), ('curator', 'Curator: may also edit what others have uploaded, labels, duplicates'), ('administrator', 'Administrator: may do everything, accounts included')], max_length=20)),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='claim_rules', to='search.group')),
            ],
            options={
                'ordering': ['claim', 'value'],
                'constraints': [models.CheckConstraint(condition=models.Q(('group__isnull', False), models.Q(('role', ''), _negated=True), _connector='OR'), name='a_claim_gives_a_group_or_a_role', violation_error_message='Choose a group, a role or both.'), models.UniqueConstraint(models.F('claim'), models.F('value'), models.F('group'), models.F('role'), name='one_rule_per_claim', nulls_distinct=False, violation_error_message='There is such a rule already.')],
            },
        ),
    ]
