"""The site's settings with one page more, the peer of its pages: see benchmarks/bare_urls.py."""

from coaching.site.settings import *  # noqa: F403 (they are the site's, all of them)

ROOT_URLCONF = "benchmarks.bare_urls"
