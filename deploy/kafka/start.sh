#!/bin/sh
# Formats Kafka's folder at the first start, with a user for each program, then runs Kafka. The passwords come from files
# in deploy/secrets, and are copied only to /tmp of this container. To change one later:
# kafka-configs.sh --alter --add-config 'SCRAM-SHA-512=[password=...]' --entity-type users --entity-name NAME
set -eu
umask 077
secrets=${SECRETS:-/run/secrets} config=${CONFIG:-/tmp/server.properties} bin=${KAFKA_BIN:-/opt/kafka/bin}
module=org.apache.kafka.common.security
here=$(dirname "$0")

password() { tr -d '\r\n' < "$secrets/kafka_$1"; }

admin=$(password admin) controller=$(password controller)
{
  cat "$here/server.properties"
  echo "listener.name.client.scram-sha-512.sasl.jaas.config=$module.scram.ScramLoginModule required username=\"admin\" password=\"$admin\";"
  echo "listener.name.controller.plain.sasl.jaas.config=$module.plain.PlainLoginModule required username=\"controller\" password=\"$controller\" user_controller=\"$controller\";"
} > "$config"

set -- format --ignore-formatted --cluster-id "$HALLWAY_CLUSTER_ID" --config "$config"
for user in admin router matcher delivery gateway; do
  set -- "$@" --add-scram "SCRAM-SHA-512=[name=$user,password=$(password $user)]"
done
"$bin/kafka-storage.sh" "$@"
exec "$bin/kafka-server-start.sh" "$config"
