#!/bin/sh
# Runs Valkey with a single user, who may run only the commands that Hallway needs, on Hallway's keys. The password is a
# file in deploy/secrets; Valkey gets its digest.
set -eu
umask 077
secrets=${SECRETS:-/run/secrets} config=${CONFIG:-/tmp/valkey.conf} port=${PORT:-6379}
digest=$(tr -d '\r\n' < "$secrets/valkey" | sha256sum | cut -d' ' -f1)
cat > "$config" <<END
bind 127.0.0.1
port $port
dir $(dirname "$config")
save ""
appendonly no
maxmemory ${MAXMEMORY:-512mb}
maxmemory-policy noeviction
user default off
user hallway on #$digest resetkeys ~mark:* ~people:* ~inbox:* ~cards:* ~others:* resetchannels &hallway:* -@all +@read +@write +@pubsub +@connection +eval +info -@admin -@dangerous +info
END
exec valkey-server "$config"
