#!/usr/bin/env bash
# Runs a command where Debian's libical can be asked; fails loudly when a part of it is missing.
set -euo pipefail
if ! /usr/bin/python3 -I -c 'import gi; gi.require_version("ICalGLib", "3.0"); from gi.repository import ICalGLib'; then
    echo "libical is missing: apt-get install python3-gi gir1.2-ical-3.0" >&2
    exit 1
fi
exec "$@"
