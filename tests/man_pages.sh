#!/usr/bin/env bash
# The man pages are clean for groff, and for mandoc where it is installed. One argument: the folder man/.
set -u
failed=0
for page in "${1:?usage: man_pages.sh FOLDER}"/*; do
  said=$(groff -mdoc -ww -z -Tutf8 "$page" 2>&1)
  # mandoc's "style" is below a warning: it is about whole trees of pages.
  command -v mandoc >/dev/null && said+=$(mandoc -T lint -W warning "$page" 2>&1)
  [ -z "$said" ] && continue
  failed=1
  printf '%s:\n%s\n' "$page" "$said"
done
command -v mandoc >/dev/null || echo "mandoc is not installed: only groff has read them"
exit $failed
