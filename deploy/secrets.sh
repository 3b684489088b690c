#!/bin/sh
# Makes the passwords that the parts of docker-compose.yml need among themselves: files in deploy/secrets, once.
# The folder is yours alone; the files are readable, for each container reads the few that it is given, as its own user.
set -eu
cd "$(dirname "$0")"
mkdir -p -m 700 secrets
for name in kafka_admin kafka_controller kafka_router kafka_matcher kafka_delivery kafka_gateway valkey grafana; do
  [ -s "secrets/$name" ] || head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "secrets/$name"
  chmod 444 "secrets/$name"
done
