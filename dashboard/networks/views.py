"""Pages of networks, and what htmx asks for parts of them."""

from dashboard.access.objects import Kind
from dashboard.networks import actions
from dashboard.networks.forms import CreateForm
from dashboard.networks.queries import get_network, list_networks
from dashboard.pages import Pages

pages = Pages("networks", Kind.NETWORK, list_networks, get_network, key=lambda network: network.id)

index = pages.listing("list.html")
rows = pages.listing("_rows.html")
show = pages.page("show.html")
facts = pages.part("_facts.html")
create = pages.creation(CreateForm, actions.create)
remove = pages.removal(actions.remove)
