"""Which models stand for the same row, under the same key."""

from django.db import models


def concrete(model: type[models.Model]) -> type[models.Model]:
    """The model with the table: of a proxy, the model that it stands for."""
    return model._meta.concrete_model or model


def shares_key(model: type[models.Model], ancestor: type[models.Model]) -> bool:
    """Whether the model's rows are the ancestor's, known by the ancestor's primary key.

    A model derived from another may have a primary key of its own. Looked up by that, its parent's
    row would be the one of another order.
    """
    wanted, current = concrete(ancestor), concrete(model)
    while current is not wanted:
        relation = current._meta.pk.remote_field
        if relation is None or not getattr(relation, "parent_link", False):
            return False
        current = concrete(relation.model)
    return True
