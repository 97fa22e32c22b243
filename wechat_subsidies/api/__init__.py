"""The REST endpoint, on Django REST framework. Nothing outside imports it: delete it and only it is gone.

    urls, base              what there is to call, and what all views share
    views, decisions,       cancellations, what people decide about them,
    batches                 and many of them at once
    acting, idempotency     what is done once for each Idempotency-Key
    permissions, throttling,
    callers                 who may, how often, and who they are
    bodies, fields, filters what a body may hold, and what a list may be asked for
    serializers, results,   what things look like, what became of an item for whoever asks,
    tallies, answers        how batches stand in numbers, and the answer that holds a cancellation
    naming, batching,       from a body to orders,
    asking                  and from there to the service
    errors                  the one shape of everything that goes wrong
    pagination, addresses,  pages of a list, and where things are,
    conditional             and what has not changed
    schema                  the same for machines, where drf-spectacular is installed

Everything that a host sets is read at each request, never at import.
"""
