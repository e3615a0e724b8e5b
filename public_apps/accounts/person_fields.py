"""How a row of the API names the people that it has to do with."""

from __future__ import annotations

from rest_framework import serializers

from public_apps.accounts.models import User


class NamedSerializer(serializers.ModelSerializer[User]):
    """A person by id and name, and no more: those who read it may be neighbours."""

    name = serializers.CharField(source="get_full_name", read_only=True)

    class Meta:
        model = User
        fields = ("id", "name")
        read_only_fields = fields
