#!/bin/sh
# Install what is missing of the Debian packages that the given lists name, and nothing when nothing is.
# usage: debian.sh LIST...
set -eu

wanted=$(sed 's/#.*//' "$@")
# Any node will do, also one that is not Debian's: the two do not go together.
command -v npm >/dev/null || wanted="$wanted nodejs npm"

missing=
for package in $wanted; do
    case $(dpkg-query --show --showformat '${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
        ii*) ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "missing Debian packages:$missing; install them, or run make as root" >&2; exit 1; }
    exec sudo sh "$0" "$@"
fi

# Portside starts its own Redis and the tests their own registry: the packages' services stay off, now and at boot.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi

echo "installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086  # the names are words
apt-get install -q -y --no-install-recommends $missing

for service in redis-server docker-registry; do
    case " $missing " in
        *" $service "*) [ ! -d /run/systemd/system ] || systemctl disable --now "$service" ;;
    esac
done
