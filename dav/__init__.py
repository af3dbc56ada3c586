"""A small CalDAV server (RFC 4791, 6578): methods, reports and properties over any calendars it is given.

It knows nothing of clinics, of HTTP servers or of databases. Start with `server.answer`.
"""
