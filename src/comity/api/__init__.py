"""The face over HTTP: TAXII 2.1, the JSON API, the log, and what operators watch.

`app.create_app` makes the application of a node, `server.serve` runs it. One module a resource:
each reads a request, calls an act of the node, and sends what came back.
"""
