# Hallway's image: the Python environment that uv.lock describes, and the source; no build tools, no root.
FROM python:3.11.14-slim-trixie AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --no-install-project
COPY schemas schemas
COPY streams streams
COPY services services
RUN uv sync --locked --no-dev

FROM python:3.11.14-slim-trixie AS hallway
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin hallway && install -d -o hallway -m 700 /var/lib/hallway
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/hallway
CMD ["hallway", "--help"]

# Caddy, with a certificate folder that belongs to a non-root user; a new volume inherits that owner.
FROM caddy:2.10.2-alpine AS caddy
RUN chown -R 1000:1000 /data
USER 1000:1000
