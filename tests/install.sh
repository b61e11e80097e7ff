#!/usr/bin/env bash
# Installs a build into a prefix of its own and looks: everything is where Debian expects it, and the pages, the units and
# the completions are found there as users would find them. One argument: the build directory.
set -u
build=$(realpath "${1:?usage: install.sh BUILD_DIRECTORY}")
source "$(dirname "$0")/support/black_box.sh"
prefix=$room/usr

cmake --install "$build" --prefix "$prefix" >"$room/log" 2>&1 || { cat "$room/log"; exit 1; }

commands=(listen peek purge push redrive serve stats)
check "there is what should be, and nothing else" "$(cd "$prefix" && find . -type f | sort)" "$(
  {
    printf '%s\n' ./bin/pistachio ./lib/systemd/system/pistachio.service ./lib/systemd/system/pistachio.socket \
      ./share/bash-completion/completions/pistachio ./share/zsh/vendor-completions/_pistachio \
      ./share/fish/vendor_completions.d/pistachio.fish ./share/man/man1/pistachio.1 ./share/man/man7/pistachio.7 \
      ./share/doc/pistachio/README.md ./share/doc/pistachio/CHANGELOG.md ./share/doc/pistachio/LICENSE
    printf './share/man/man1/pistachio-%s.1\n' "${commands[@]}"
  } | sort
)"
check "the program runs" "$("$prefix/bin/pistachio" --version | cut -d' ' -f1)" "pistachio"
check "only the program is executable" "$(find "$prefix" -type f -perm /111 -printf '%P\n')" "bin/pistachio"
check "everybody may read everything" "$(find "$prefix" -type f ! -perm -444)" ""

if command -v man >/dev/null; then
  for command in "${commands[@]}"; do
    check "man finds the page of $command" "$(man -M "$prefix/share/man" -w "pistachio-$command" 2>&1)" \
      "$prefix/share/man/man1/pistachio-$command.1"
  done
  check "man finds the protocol" "$(man -M "$prefix/share/man" -w 7 pistachio 2>&1)" "$prefix/share/man/man7/pistachio.7"
else
  echo "man is not installed: it was not asked for the pages"
fi

if command -v systemd-analyze >/dev/null; then
  # systemd looks for the program where programs are; the one of this prefix is not there.
  mkdir "$room/units"
  sed "s|^ExecStart=|&$prefix/bin/|" "$prefix/lib/systemd/system/pistachio.service" >"$room/units/pistachio.service"
  cp "$prefix/lib/systemd/system/pistachio.socket" "$room/units"
  check "systemd finds nothing wrong with the units" \
    "$(systemd-analyze verify --man=no "$room"/units/pistachio.{service,socket} 2>&1)" ""
else
  echo "systemd-analyze is not installed: the units were not verified"
fi
finish
