"""The REST endpoint, on Django REST framework. Nothing outside imports it: delete it and only it is gone.

    urls, base              what there is to call, and what all views share
    views, decisions        cancellations, and what people decide about them
    permissions, throttling,
    callers                 who may, how often, and who they are
    bodies, fields          what a body may hold
    serializers, answers    what a cancellation looks like, and the answer that holds one
    naming, asking          from a body to an order, and from there to the service
    errors                  the one shape of everything that goes wrong
    pagination, addresses   pages of a list, and where things are

Everything that a host sets is read at each request, never at import.
"""
