"""The REST API: `/api/v1`, for scripts with a token and for pages with a session.

    request ─► middleware (request ID) ─► operation: who asks (credentials) ─► may they (guard) ─► how often (rate)
            ─► parameters ─► the action or query that the pages call too ─► JSON, a text, or server-sent events

Whatever is refused, by whom ever, is told in one form: RFC 9457's problem (`problems`).
"""
