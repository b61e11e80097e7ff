#include "cli/help.h"

#include <array>
#include <utility>

namespace pistachio::cli {
namespace {

// Written by hand, since a screen has 24 lines and CLI11's own layout spends them freely. A test
// holds them against the flags that there are.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kHelp = {{
    {"", R"(Pistachio: message queues over HTTP long polling.

Usage: pistachio COMMAND [FLAGS] …

  serve     serve the endpoints
  push      put messages into an endpoint
  listen    print messages as they come, or run a command for each
  stats     how many messages are where
  peek      print messages without taking them
  purge     remove the messages of an endpoint
  redrive   move dead letters back to where they came from

  --config FILE   read flags from FILE, in sections [serve], [push], [listen] …
  --version       print the version
  -h, --help      this; after a command: its flags

A flag --some-name has a twin PISTACHIO_SOME_NAME in the environment. Flags beat
the environment, that beats the file.

Examples:
  pistachio serve --namespace myapp    # on http://127.0.0.1:8080/messages
  pistachio push foobar "msg"          # in shell scripts
  pistachio listen foobar | jq         # consumption
)"},
    {"serve", R"(Usage: pistachio serve [FLAGS]    Serve endpoints over HTTP. [] holds defaults.

  --listen ADDR           HOST:PORT, [v6]:PORT, :PORT or unix:/PATH; repeatable
                          [127.0.0.1:8080]
  --open                  allow addresses that are not loopback without tokens
  --path P                where the endpoints live [/messages]
  --namespace NS          prefix of the endpoints in the store [none]
  --store URL             file:DIR, redis://HOST:PORT/DB, redis+unix:///PATH
                          or memory: [file:~/.local/state/pistachio]
  --max-store-size S      of its file [no limit]   --memory-budget S  [256MiB]
  --timeout T             longest a poll is held [30s]
  --max-message-size S    [1MiB]          --max-lease T    [12h]
  --max-queued N          messages per endpoint [no limit]
  --max-attempts N        then a dead letter [never]  --default-ttl T  [none]
  --max-connections N     [what the file limit allows]
  --cors-origin O         web pages that may use it; repeatable, or * [none]
  --drain-timeout T       time to end in when told to [10s]
  --log-level L           trace debug info warn error off [info]
  --log-format F          text or json [text]
  --config FILE           read flags from FILE, section [serve]

Examples:
  pistachio serve --namespace myapp
  pistachio serve --listen :8080 --open --max-attempts 5
)"},
    {"push", R"(Usage: pistachio push ENDPOINT [MESSAGE] [FLAGS]

Put a message into ENDPOINT. No MESSAGE, or -: standard input is the message.
Tries again while that makes sense, and never doubles a message.

  --file F            read F instead of standard input
  --lines             each line of the input is a message
  --ndjson            each line is an envelope as listen --format json prints it
  --content-type T    as it is handed to the listener [text/plain]
  --delay T           hidden for T first [0s]
  --ttl T             dropped if nobody took it within T [the server's default]
  --key K             idempotency key: the same K again adds nothing [random]
  --retry-for T       keep trying for T, at most 8m [30s]
  -v, --verbose       print the id of the message
  --url URL           the server: http://, https:// or unix:/SOCKET
                      [http://127.0.0.1:8080/messages]
  --token T           or --token-file F: who I am [none]
  --ca-file F         trust these certificates; --insecure: trust any
  --redis URL         no server, but straight into its Redis; --namespace NS
  --config FILE       read flags from FILE, section [push]

Examples:
  pistachio push foobar "msg"
  zcat log.gz | pistachio push lines --lines
)"},
    {"listen", R"(Usage: pistachio listen ENDPOINT… [FLAGS]
Print each message and a newline as they come, for ever. [] holds defaults.

  -n, --count N    end after N messages [no end]
  --once           the same as -n 1, but end with 3 if the wait ends empty
  --drain          end when the endpoint is empty; with 3 if it was at once
  --wait T         longest one poll waits [30s; with --drain 0s]
  --exec CMD       run CMD for each, the message on its input; exit 0: done,
                   100: dead letter, else: again in 1 s, 2 s, 4 s … 5 min
  --jobs N         so many commands at once [1]
  --lease T        time to be read or done in; renewed while it lasts [30s]
  --batch N        fetch N at once for printing, each settled on its own [1]
  --format F       raw, or json: an envelope for each [raw]
  -0, --null       a NUL instead of a newline
  --backoff A..B   pauses when the server is in trouble [250ms..30s]
  --retry-for T    end with 4 after T of trouble [never]
  --url URL        http://, https:// or unix:/SOCKET
                   [http://127.0.0.1:8080/messages]
  --token T        or --token-file F: who I am [none]
  --ca-file F      trust these certificates; --insecure: trust any
  --config FILE    read flags from FILE, section [listen]

Examples:
  pistachio listen urgent normal --exec ./handle --jobs 4
)"},
    {"stats", R"(Usage: pistachio stats [ENDPOINT…] [FLAGS]

Show how many messages are queued, delayed and leased, and how many polls wait:
a table on a terminal, a JSON object a line elsewhere. No ENDPOINT: all of them.

  --watch T       again every T [once]
  --url URL       the server: http://, https:// or unix:/SOCKET
                  [http://127.0.0.1:8080/messages]
  --token T       or --token-file F: who I am [none]
  --ca-file F     trust these certificates; --insecure: trust any
  --config FILE   read flags from FILE, section [stats]

Examples:
  pistachio stats --watch 1s
  pistachio stats jobs jobs.dead | jq .queued
)"},
    {"peek", R"(Usage: pistachio peek ENDPOINT [FLAGS]

Print the first messages as they stand, also those that are delayed or leased,
and take none.

  -n, --count N   so many [10]
  --format F      raw, or json: an envelope with the state of each [raw]
  -0, --null      a NUL instead of a newline
  --url URL       the server: http://, https:// or unix:/SOCKET
                  [http://127.0.0.1:8080/messages]
  --token T       or --token-file F: who I am [none]
  --ca-file F     trust these certificates; --insecure: trust any
  --config FILE   read flags from FILE, section [peek]

Examples:
  pistachio peek jobs -n 1
  pistachio peek jobs.dead --format json | jq .attempt
)"},
    {"purge", R"(Usage: pistachio purge ENDPOINT [FLAGS]

Remove all messages that are queued or delayed; leased ones stay with their
listeners. Asks first when a person sits at the terminal.

  --id ID         only the message with this id [all]
  --yes           do not ask
  --url URL       the server: http://, https:// or unix:/SOCKET
                  [http://127.0.0.1:8080/messages]
  --token T       or --token-file F: who I am [none]
  --ca-file F     trust these certificates; --insecure: trust any
  --config FILE   read flags from FILE, section [purge]

Examples:
  pistachio purge jobs.dead --yes
  pistachio purge jobs --id 17
)"},
    {"redrive", R"(Usage: pistachio redrive ENDPOINT [FLAGS]

Move the dead letters of ENDPOINT back to its end, in order, their attempts
forgotten.

  --url URL       the server: http://, https:// or unix:/SOCKET
                  [http://127.0.0.1:8080/messages]
  --token T       or --token-file F: who I am [none]
  --ca-file F     trust these certificates; --insecure: trust any
  --config FILE   read flags from FILE, section [redrive]

Examples:
  pistachio redrive jobs
)"},
}};

}  // namespace

std::string_view help_of(std::string_view command) {
  for (const auto& [name, text] : kHelp) {
    if (name == command) return text;
  }
  return kHelp.front().second;
}

}  // namespace pistachio::cli
