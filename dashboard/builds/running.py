"""From a saved build to a job."""

from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.access.rights import Rights, rights_of
from dashboard.accounts.models import User
from dashboard.builds.models import Run, SavedBuild
from dashboard.jobs import door
from dashboard.jobs.actions import enqueue
from dashboard.jobs.door import Admission
from dashboard.jobs.origin import By
from dashboard.jobs.params import Kind, Params, validated
from dashboard.jobs.states import ACTIVE


def admitted(build: SavedBuild, rights: Rights) -> Admission:
    """Let whoever has `rights` run it. Blocking. Raises PermissionDenied, Http404, EngineFailure."""
    return _admit(rights, Kind.BUILD, build.host.name, parameters(build), build.project.slug if build.project else "")


def admitted_by_owner(build: SavedBuild) -> Admission:
    """Let it run with nobody at a page, by the rights that its owner has now. Blocking. Raises PermissionDenied."""
    if build.owner is None or not build.owner.is_active:
        raise PermissionDenied(_("Who saved this build is gone: somebody who may build has to save it again"))
    try:
        return admitted(build, rights_of(build.owner))
    except Http404 as error:
        raise PermissionDenied(_("%(owner)s may not build here any more") % {"owner": build.owner}) from error


def start(build: SavedBuild, admission: Admission, user: User | None, *, by: By, cause: str, pull: bool = False) -> Run:
    """A new run, whose job is queued when the surrounding transaction commits. Blocking."""
    with transaction.atomic():
        SavedBuild.objects.filter(pk=build.pk).update(counter=F("counter") + 1)
        build.refresh_from_db(fields=["counter"])
        params = build.defined.params(number=build.counter, now=timezone.now(), pull=pull)
        job = enqueue(Kind.BUILD, admission.host, user, params, project=admission.project, by=by)
        return Run.objects.create(build=build, job=job, number=build.counter, cause=cause[:500])


def is_busy(build: SavedBuild) -> bool:
    """Whether a run of it waits or works."""
    return Run.objects.filter(build=build, job__state__in=ACTIVE).exists()


def parameters(build: SavedBuild) -> Params:
    """Those of its next run, as far as they can be known before."""
    return validated(Kind.BUILD, build.defined.params(number=build.counter + 1, now=timezone.now()))


_admit = async_to_sync(door.admit)
