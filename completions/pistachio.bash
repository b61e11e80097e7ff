# bash completion for pistachio(1): commands, flags, their values, files, and the endpoints that the server knows.

# The endpoints on the server that the line names (else PISTACHIO_URL or the default), when it answers within half a second.
_pistachio_endpoints() { # _pistachio_endpoints WORD_OF_THE_LINE...
  local flags=()
  while [ $# -gt 0 ]; do
    case $1 in
      --url | --token | --token-file | --ca-file | --config) flags+=("$1" "${2/#\~\//$HOME/}"); shift ;;
      --url=* | --token=* | --token-file=* | --ca-file=* | --config=* | --insecure) flags+=("$1") ;;
    esac
    shift
  done
  # Only what a name may consist of comes through: compgen expands its word list.
  timeout 0.5 pistachio stats "${flags[@]}" 2>/dev/null </dev/null | sed -n 's/.*"name":"\([A-Za-z0-9_.-]*\)".*/\1/p'
}

_pistachio() {
  COMPREPLY=()
  # Not COMP_WORDS: that is torn at each : and =, and a URL with it.
  local words word cur=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT}
  read -ra words <<<"${line//[\"\']/}"
  case $line in *[[:space:]]) words+=("") ;; esac
  local last=$((${#words[@]} - 1)) command="" positionals=0 takes="" i
  local server="--url --token --token-file --ca-file --insecure --config --help"
  for ((i = 1; i < last; i++)); do
    word=${words[i]}
    if [ -n "$takes" ]; then takes="" && continue; fi
    case $word in
      --*=*) ;;
      --open | --lines | --ndjson | --verbose | --once | --drain | --null | --insecure | --yes | --help | --version) ;;
      --?* | -n) takes=$word ;;
      -?*) ;;
      *) if [ -z "$command" ]; then command=$word; else ((positionals++)); fi ;;
    esac
  done
  word=${words[last]}
  if [[ -z $takes && $word == --*=* ]]; then
    takes=${word%%=*} word=${word#*=}
    case $COMP_WORDBREAKS in *=*) ;; *) local before=$takes= cur=$word ;; esac
  fi
  [[ $cur == [=:] ]] && cur=""
  case $takes in
    "") ;;
    --file | --token-file | --ca-file | --config) compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "${cur/#\~\//$HOME/}") ;;
    --log-level) COMPREPLY=($(compgen -W "trace debug info warn error off" -- "$cur")) ;;
    --log-format) COMPREPLY=($(compgen -W "text json" -- "$cur")) ;;
    --format) COMPREPLY=($(compgen -W "raw json" -- "$cur")) ;;
    --store) COMPREPLY=($(compgen -W "file: memory: redis://" -- "$cur")) ;;
    --exec) COMPREPLY=($(compgen -c -- "$cur")) ;;
  esac
  if [ -n "$takes" ]; then COMPREPLY=("${COMPREPLY[@]/#/${before-}}") && return; fi
  case $command:$word in
    :-*) COMPREPLY=($(compgen -W "--config --version --help" -- "$cur")) ;;
    :*) COMPREPLY=($(compgen -W "serve push listen stats peek purge redrive" -- "$cur")) ;;
    serve:*) COMPREPLY=($(compgen -W "--namespace --path --listen --open --timeout --store --max-store-size --memory-budget --max-message-size --max-queued
      --max-attempts --max-lease --default-ttl --max-connections --cors-origin --drain-timeout --log-level --log-format
      --config --help" -- "$cur")) ;;
    push:-*) COMPREPLY=($(compgen -W "--redis --namespace --file --lines --ndjson --content-type --delay --ttl --key --retry-for --verbose $server" -- "$cur")) ;;
    listen:-*) COMPREPLY=($(compgen -W "--count --once --drain --wait --lease --batch --format --null --backoff --retry-for
      --exec --jobs $server" -- "$cur")) ;;
    stats:-*) COMPREPLY=($(compgen -W "--watch $server" -- "$cur")) ;;
    peek:-*) COMPREPLY=($(compgen -W "--count --format --null $server" -- "$cur")) ;;
    purge:-*) COMPREPLY=($(compgen -W "--id --yes $server" -- "$cur")) ;;
    redrive:-*) COMPREPLY=($(compgen -W "$server" -- "$cur")) ;;
    redrive:*) [ $positionals -gt 0 ] || # those that have dead letters
      COMPREPLY=($(compgen -W "$(_pistachio_endpoints "${words[@]}" | sed -n 's/\.dead$//p')" -- "$cur")) ;;
    listen:* | stats:*) COMPREPLY=($(compgen -W "$(_pistachio_endpoints "${words[@]}")" -- "$cur")) ;;
    push:* | peek:* | purge:*) [ $positionals -gt 0 ] ||
      COMPREPLY=($(compgen -W "$(_pistachio_endpoints "${words[@]}")" -- "$cur")) ;;
  esac
}
complete -F _pistachio pistachio
