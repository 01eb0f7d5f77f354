#!/usr/bin/env python3
"""The console's administration: `manage.py migrate`, `manage.py ensure_admin`, …"""

import os
import sys

from django.core.management import execute_from_command_line

from dashboard.environment import Environment


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    Environment.current().make_state_directory()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
