"""One module a subject; each has `routes`, which `engine.server.app` adds to the application.

Paths are written without the version prefix (`engine.server.version` takes it off), handlers are thin:

    routes = web.RouteTableDef()

    @routes.get("/images/{name:.+}/json")
    async def inspect(request: web.Request) -> web.Response:
        return reply(services(request).images.inspect(request.match_info["name"]))

They raise `engine.errors` and let `engine.server.errors` find the status. Bodies, query parameters and filters are
read through `engine.server.requests` and `engine.server.filters`; JSON goes out through `engine.server.replies`.
"""
