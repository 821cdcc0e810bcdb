#!/usr/bin/env bash
# Builds images out of Debian 12 under the very names that Dockerfile and docker-compose.yml use, for a machine that reaches no
# image registry: same users, ports, data folders and variables as the real ones. Postgres is then 15, Redis 7.0, Prometheus 2.42;
# Grafana is not in Debian, and its stand-in only answers its health check.
set -euo pipefail
cd "$(dirname "$0")"
root=../..
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

name_of() { sed -nE "s,.*(image: |_IMAGE=)($1:\S+)\$,\2,p" $root/Dockerfile $root/docker-compose.yml; }
has() { docker image inspect "$1" >/dev/null 2>&1; }
# Network of the host: a container's own may not reach the mirror.
build() { has "$1" || docker build --quiet --network host --tag "$1" "$2"; }

if ! has evalpool-test/debian; then
  debootstrap --variant=minbase bookworm "$place/debian" >"$place/log" || { tail "$place/log"; exit 1; }
  rm -rf "$place"/debian/var/cache/apt/archives/*.deb "$place"/debian/var/cache/apt/*.bin "$place"/debian/var/lib/apt/lists/*
  # Debian's own image keeps neither packages nor caches of apt.
  cat >"$place/debian/etc/apt/apt.conf.d/docker-clean" <<'END'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
END
  tar -C "$place/debian" -c . | docker import - evalpool-test/debian
fi

# node and npm of this machine, and whatever it needs to reach the npm registry.
if ! has "$(name_of node)"; then
  npm=$(dirname "$(dirname "$(realpath "$(command -v npm)")")")
  mkdir -p "$place/node/etc"
  cp -r node/. "$place/node"
  cp -L "$(command -v node)" "$place/node/node"
  cp -r "$npm" "$place/node/npm"
  cp -L /etc/ssl/certs/ca-certificates.crt "$place/node/etc/"
  cp "$(npm config get globalconfig)" "$place/node/etc/npmrc" 2>/dev/null || touch "$place/node/etc/npmrc"
  build "$(name_of node)" "$place/node"
fi
build "$(name_of redis)" redis
build "$(name_of postgres)" postgres
build "$(name_of prom/prometheus)" prometheus
build "$(name_of grafana/grafana)" grafana
