import uuid
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class MemberManager(BaseUserManager["Member"]):
    def create_user(self, email: str, password: str | None = None, **values: Any) -> "Member":
        member = self.model(email=self.normalize_email(email), **values)
        member.set_password(password)
        member.save(using=self._db)
        return member


class Member(AbstractBaseUser, PermissionsMixin):
    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"

    objects = MemberManager()

    def __str__(self) -> str:
        return self.email


class Order(models.Model):
    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.CharField(max_length=32, unique=True)
    sub_mchid = models.CharField(max_length=32)
    transaction_id = models.CharField(max_length=64, db_index=True)
    was_refunded = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.number
