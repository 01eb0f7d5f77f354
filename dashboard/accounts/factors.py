"""The secrets of second factors."""

from typing import Final

from allauth.mfa.models import Authenticator
from django.db import transaction

from dashboard.sealing import resealed

#: Where an Authenticator's data has a sealed text: an app's secret, the seed of codes on paper.
_SEALED: Final = ("secret", "seed")


def reseal() -> int:
    """Seal them with the key in use; answers how many there are."""
    count = 0
    for pk in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().get(pk=pk)
            sealed = {name: resealed(factor.data[name]) for name in _SEALED if name in factor.data}
            Authenticator.objects.filter(pk=pk).update(data=factor.data | sealed)
            count += len(sealed)
    return count
