"""The local edge: Cloudflare's Workers API on loopback, running what is uploaded on workerd.

Only `serve` is for others, and importing it is cheap: starlette, uvicorn and httpx come when an edge starts.
"""
