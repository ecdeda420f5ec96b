# One image for every command of the gateway: `make image`, or docker build -t webhook-gateway .
# It builds without BuildKit too. docs/operations.md tells how to run it, docs/decisions/0040 why it is as it is.
ARG BASE_IMAGE=python:3.13-slim

# The console's pages. Node.js comes as a Python package, as on any machine that has none; it is not in the last image.
FROM ${BASE_IMAGE} AS pages
# Also what the base's own certificates vouch for, such as an organisation's proxy.
ENV NODE_USE_SYSTEM_CA=1
WORKDIR /src
COPY requirements-pages.lock ./
COPY console/package.json console/package-lock.json console/.npmrc console/with-node console/
RUN cd console && ./with-node npm ci --omit=dev --ignore-scripts --silent
COPY console console
RUN cd console && ./with-node npm run --silent build -- --logLevel warn

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements-build.lock requirements.lock ./
# Only wheels: nothing is compiled, and no package runs a script of its own.
RUN python3 -m venv /build && python3 -m venv --without-pip /opt/gateway \
 && /build/bin/pip install --quiet --no-compile --only-binary :all: --require-hashes -r requirements-build.lock \
 && /build/bin/pip --python /opt/gateway/bin/python install --quiet --no-compile --only-binary :all: --require-hashes \
      -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY gateway gateway
COPY --from=pages /src/gateway/console/pages gateway/console/pages
# The wheel, and what is compiled from it, have the same bytes for the same commit. What would never be loaded is taken
# away: extensions of CEL that filters do not have, the folder that its wheel for Python 3.13 was built in, and symbols.
ARG SOURCE_DATE_EPOCH=1580601600
COPY docker/cut_symbols.py ./
RUN SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH} /build/bin/python -m hatchling build -t wheel -d /dist \
 && /build/bin/pip --python /opt/gateway/bin/python install --quiet --no-compile --no-deps --no-index /dist/*.whl \
 && rm -r /opt/gateway/lib/python3.*/site-packages/cel_expr_python/ext \
 && rm -rf /opt/gateway/lib/python3.*/site-packages/bazel-project \
 && /build/bin/python cut_symbols.py /opt/gateway/lib \
 && /opt/gateway/bin/python -m compileall -qf --invalidation-mode unchecked-hash /opt/gateway/lib

FROM ${BASE_IMAGE}
# The same user as the chart's, by number: it can be told that it is not root.
RUN echo 'gateway:x:10001:10001::/var/lib/webhook-gateway:/usr/sbin/nologin' >>/etc/passwd \
 && echo 'gateway:x:10001:' >>/etc/group \
 && install -d -m 700 -o 10001 -g 10001 /var/lib/webhook-gateway
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/webhook-gateway \
    GATEWAY_HOME=/var/lib/webhook-gateway \
    GATEWAY_PROBES_ADDRESS=0.0.0.0 \
    GATEWAY_PROBES_PORT=9464
# The base has no compiled standard library, and the user may not write one: what the gateway imports is compiled here.
RUN PYTHONDONTWRITEBYTECODE= python -c 'import importlib, pkgutil, gateway; \
      [importlib.import_module(m.name) for m in pkgutil.walk_packages(gateway.__path__, "gateway.")]'
USER 10001:10001
WORKDIR /var/lib/webhook-gateway
EXPOSE 9464
STOPSIGNAL SIGTERM
# Of a stream, of egress, or of a test receiver on its usual port. A command that ends needs none.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
  CMD gateway-health "http://127.0.0.1:$GATEWAY_PROBES_PORT/readyz" http://127.0.0.1:8088/healthz
ENTRYPOINT ["gateway"]
CMD ["--help"]
ARG BASE_IMAGE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="webhook-gateway" \
      org.opencontainers.image.description="Streams versioned Avro events from Kafka to signed HTTP webhooks" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
