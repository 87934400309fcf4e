#!/usr/bin/env bash
# What some live tests need from Debian: a Samba domain controller, and kinit. Safe to repeat, and quick.
set -euo pipefail
if command -v samba samba-tool kinit kvno >/dev/null && [ -d /usr/share/samba/setup/ad-schema ]; then
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends \
  samba samba-ad-provision samba-dsdb-modules krb5-user >/dev/null
