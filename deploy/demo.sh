#!/usr/bin/env bash
# Writes captures from readable traffic (deploy/demo-scripts), reads them into a fresh store below deploy/demo and opens
# the console. `make demo` calls it after it has built bin/khien. The address of the console is the last line printed.
#
#   DEMO_LISTEN=ADDR:PORT   another address than the first free port from 127.0.0.1:8686 on
#   DEMO_ONCE=1             stop as soon as the console has answered
set -euo pipefail
cd "$(dirname "$0")/.."

dir=deploy/demo
mkdir -p "$dir"
rm -rf "$dir/data"

captures=()
for script in deploy/demo-scripts/*.txtar; do
  capture=$dir/$(basename "$script" .txtar).pcap
  go run ./sensor/sensortest/topcap -end now "$script" "$capture"
  captures+=(-r "$capture")
  echo "demo: wrote $capture from $script"
done

busy() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }
listen=${DEMO_LISTEN:-}
if [ -z "$listen" ]; then
  port=8686
  while busy 127.0.0.1 "$port" && [ "$port" -lt 8786 ]; do port=$((port + 1)); done
  listen=127.0.0.1:$port
fi

if [ "${DEMO_ONCE:-}" != 1 ]; then
  echo "demo: Ctrl-C ends it"
  exec bin/khien run "${captures[@]}" --data "$dir/data" --listen "$listen"
fi

bin/khien run "${captures[@]}" --data "$dir/data" --listen "$listen" &
pid=$!
trap 'kill -INT $pid 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  busy "${listen%:*}" "${listen##*:}" && break
  kill -0 "$pid" 2>/dev/null || { echo "demo: the console did not start" >&2; exit 1; }
  sleep 0.1
done
exec 3<>"/dev/tcp/${listen%:*}/${listen##*:}"
printf 'GET / HTTP/1.0\r\nHost: %s\r\n\r\n' "$listen" >&3
read -r status <&3
exec 3>&-
case $status in
  *" 200 "*) ;;
  *) echo "demo: the console answered $status" >&2; exit 1 ;;
esac
kill -INT "$pid"
wait "$pid"
trap - EXIT
echo "demo: the console answered at http://$listen"
