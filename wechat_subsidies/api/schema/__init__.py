"""The API as OpenAPI says it, for hosts with drf-spectacular among their INSTALLED_APPS.

    components     fields, bodies and what is shown
    parameters     what an address and the headers may hold
    answers        what is answered, in words and examples
    examples       the order of WeChat Pay's own page
    operations     what each view does

Imported by `urls` in that case alone. What views and serializers say by themselves is not said again.
"""

from . import operations as operations  # has drf-spectacular know our views
