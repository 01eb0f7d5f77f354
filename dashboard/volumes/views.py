"""Pages of volumes, and what htmx asks for parts of them."""

from django.utils.translation import ngettext

from dashboard.access.objects import Kind
from dashboard.pages import Pages
from dashboard.volumes import actions
from dashboard.volumes.forms import CreateForm
from dashboard.volumes.queries import get_volume, list_unused, list_volumes


def _removed(count: int) -> str:
    return ngettext("%(count)d volume removed", "%(count)d volumes removed", count) % {"count": count}


pages = Pages("volumes", Kind.VOLUME, list_volumes, get_volume, key=lambda volume: volume.name)

index = pages.listing("list.html")
rows = pages.listing("_rows.html")
show = pages.page("show.html")
facts = pages.part("_facts.html")
create = pages.creation(CreateForm, actions.create)
remove = pages.removal(actions.remove)
prune = pages.pruning(list_unused, actions.remove_all, _removed)
