#!/bin/sh
# What udhcpc calls: sets the address and the default route of its own namespace and touches nothing else (no resolver, no host name).
# shellcheck disable=SC2154 # udhcpc gives interface, ip, mask and router
case "$1" in
  deconfig) ip addr flush dev "$interface" ;;
  bound | renew)
    ip addr replace "$ip/$mask" dev "$interface"
    # shellcheck disable=SC2086 # the first of a list of words
    if [ -n "${router:-}" ]; then ip route replace default via ${router%% *}; fi
    ;;
  *) ;;
esac
exit 0
