#!/bin/sh
# Creates the passwords of the services in docker-compose.yml: files in deploy/secrets. Files that exist stay unchanged.
# The password of your mail server is nobody's to create: write it into deploy/secrets/smtp before; otherwise the file has
# random text, which nothing uses as long as HALLWAY_SMTP is not set.
# Only you can open the folder. The files in it are readable, because each container reads those mounted into it as its
# own user.
set -eu
cd "$(dirname "$0")"
mkdir -p -m 700 secrets
for name in kafka_admin kafka_controller kafka_router kafka_matcher kafka_delivery kafka_gateway valkey grafana smtp; do
  [ -s "secrets/$name" ] || head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' > "secrets/$name"
  chmod 444 "secrets/$name"
done
