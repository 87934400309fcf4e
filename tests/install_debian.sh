#!/usr/bin/env bash
# What some live tests need from Debian: a Samba domain controller, kinit, rsyslog, Go with its own
# reader of transparency logs, and what reads a PDF. Safe to repeat, and quick.
set -euo pipefail
# type fails if one of them is missing; command -v only if all are
if type -P samba samba-tool kinit kvno rsyslogd go pdftotext xxd openssl >/dev/null &&
  [ -d /usr/share/samba/setup/ad-schema ] &&
  ls /usr/lib/*/rsyslog/lmnsd_gtls.so /usr/lib/*/samba/vfs/acl_xattr.so >/dev/null 2>&1 &&
  [ -d /usr/share/gocode/src/golang.org/x/mod ]; then
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends \
  samba samba-ad-provision samba-dsdb-modules samba-vfs-modules krb5-user rsyslog rsyslog-gnutls \
  golang-go golang-golang-x-mod-dev poppler-utils xxd openssl >/dev/null
