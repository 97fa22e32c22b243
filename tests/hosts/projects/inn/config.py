from django.contrib.admin.apps import AdminConfig


class InnAdminConfig(AdminConfig):
    default_site = "tests.hosts.projects.inn.sites.Office"
