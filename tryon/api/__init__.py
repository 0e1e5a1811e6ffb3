"""The shop's own programs: REST under /api/v1/, described by OpenAPI 3.1.

Routers read a request, call the services that the pages call, and answer. Errors are
problem documents (`problems`), also those that Django answers before a router does
(`middleware.ApiMiddleware`).
"""
