"""Whose jobs a user may see."""

from django.db.models import Q

from dashboard.access.permissions import Permission
from dashboard.access.rights import Rights
from dashboard.accounts.models import User
from dashboard.jobs.models import Job, JobQuerySet


def seen_by(user: User, rights: Rights) -> JobQuerySet:
    """The jobs that `user` asked for, those of their projects, and all of the hosts that they see whole."""
    jobs = Job.objects.all()
    if Permission.SEE in rights.everywhere:
        return jobs
    seen = Q(host__name__in=rights.hosts_with(Permission.SEE))
    shared = Q(project__slug__in=[slug for slug, permitted in rights.projects.items() if Permission.SEE in permitted])
    return jobs.filter(Q(requested_by=user) | seen | shared).distinct()


def may_stop(user: User, rights: Rights, job: Job) -> bool:
    """Who asked for a job may cancel it, and who may run things on its host."""
    return job.requested_by_id == user.pk or rights.has(Permission.RUN, job.host.name)
