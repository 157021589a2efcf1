#!/usr/bin/env bash
# Runs a command of this checkout on a fresh machine: a new minimal Debian 12 in a temporary folder, with nothing but apt in it.
#
#   scripts/fresh_machine.sh [--keep] [COMMAND...]        default: scripts/quickstart.sh
#
#   --keep   leave the machine's folder behind and say where it is
#
# The checkout is cloned in, with its uncommitted changes on top. The ways to the package registries (apt's and pip's configuration, certificates,
# proxy variables) are this machine's. Needs root, debootstrap and about 6 GB of disk; ends with the command's exit status and the time it took.
set -euo pipefail

keep=0
if [ "${1:-}" = --help ]; then sed -n '2,/^set -/{/^#/!d;s/^# \{0,1\}//;p}' "$0"; exit 0; fi
if [ "${1:-}" = --keep ]; then keep=1; shift; fi
[ $# -gt 0 ] || set -- scripts/quickstart.sh
say() { printf 'fresh machine: %s\n' "$*"; }
[ "$(id -u)" = 0 ] || { say "needs root" >&2; exit 2; }
command -v debootstrap >/dev/null || { say "needs debootstrap: apt-get install debootstrap" >&2; exit 2; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
machine=$(mktemp -d "${TMPDIR:-/tmp}/deepmad-fresh.XXXXXX")
# shellcheck disable=SC2317  # called by the trap
finish() {
  if [ "$keep" = 1 ]; then say "kept in $machine"; else rm -rf --one-file-system "$machine"; fi
}
trap finish EXIT

# The mirror of this machine's own Debian sources; debootstrap's default where there is none.
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } |
         sed -nE 's#^(URIs:|deb( \[[^]]*\])?) *([a-z]+://[^ ]*/debian/?)( .*)?$#\3#p' | head -n 1)
say "debootstrap into $machine"
debootstrap --variant=minbase bookworm "$machine" ${mirror:+"$mirror"} >"$machine.log" 2>&1 || { tail "$machine.log"; exit 1; }
rm "$machine.log"

carry() {  # PATH...: the same path in the new machine, where this machine has it
  local path
  for path in "$@"; do
    if [ -e "$path" ]; then mkdir -p "$machine$(dirname "$path")" && cp -rL "$path" "$machine$path"; fi
  done
}
carry /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates /etc/pip.conf /root/.config/pip /root/.pip
grep -slZE '^Acquire::' /etc/apt/apt.conf /etc/apt/apt.conf.d/* | while IFS= read -r -d '' file; do carry "$file"; done || true

checkout=$machine/root/deepmad
git clone --quiet "$root" "$checkout" 2>/dev/null
changed=$(git -C "$root" ls-files --modified --others --exclude-standard | wc -l)
git -C "$root" ls-files -z --modified --others --exclude-standard |
  while IFS= read -r -d '' file; do [ -e "$root/$file" ] && printf '%s\0' "$file"; done |
  tar -C "$root" --null --files-from=- --create | tar -C "$checkout" --extract
git -C "$root" ls-files -z --deleted | (cd "$checkout" && xargs -0 -r rm -f)
say "checkout with $changed uncommitted files; running: $*"

variables=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}")
while IFS= read -r -d '' entry; do
  case ${entry%%=*} in
    PIP_* | *_proxy | *_PROXY | SSL_CERT_FILE | SSL_CERT_DIR | REQUESTS_CA_BUNDLE | CURL_CA_BUNDLE | DEEPMAD_*) variables+=("$entry") ;;
  esac
done < <(env -0)

# A mount and process namespace of its own: nothing stays mounted or running afterwards.
start=$SECONDS
status=0
# shellcheck disable=SC2016  # the inner shell expands
unshare --mount --pid --fork --kill-child bash -ec '
  machine=$1; shift
  mount -t proc proc "$machine/proc"
  mount --rbind /dev "$machine/dev"
  exec chroot "$machine" env -i "$@"' fresh "$machine" "${variables[@]}" bash -c 'cd /root/deepmad && exec "$@"' fresh "$@" || status=$?
say "exit status $status after $((SECONDS - start)) s; $(du -sh --one-file-system "$machine" | cut -f 1) on disk"
exit $status
