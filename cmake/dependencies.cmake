# Every library the project uses, found by find_package or pkg-config. What is missing stops the configuration with one
# line that names its package. Each becomes an interface target with a plain name; system headers never warn.
find_package(PkgConfig REQUIRED)

function(missing_library what debian fedora homebrew)
  message(FATAL_ERROR "${what} was not found. Install it: Debian/Ubuntu 'apt-get install ${debian}', "
    "Fedora 'dnf install ${fedora}', Homebrew 'brew install ${homebrew}'. Or run ./dev build, which installs what is missing on Debian.")
endfunction()

# use_pkgconfig(TARGET MODULE DEBIAN FEDORA HOMEBREW): an interface library TARGET around the pkg-config MODULE.
function(use_pkgconfig target module debian fedora homebrew)
  pkg_check_modules(${target}_pc QUIET IMPORTED_TARGET ${module})
  if(NOT ${target}_pc_FOUND)
    missing_library("${module}" ${debian} ${fedora} ${homebrew})
  endif()
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE PkgConfig::${target}_pc)
endfunction()

# use_archive(TARGET MODULE ARCHIVE DEBIAN FEDORA HOMEBREW): the same, but its static archive where there is one. For what
# only a server needs: the loader would spend a fifth of a short command's time on it.
function(use_archive target module archive debian fedora homebrew)
  find_library(${target}_ARCHIVE ${archive})
  if(NOT ${target}_ARCHIVE)
    use_pkgconfig(${target} ${module} ${debian} ${fedora} ${homebrew})
    return()
  endif()
  pkg_check_modules(${target}_pc QUIET ${module})
  if(NOT ${target}_pc_FOUND)
    missing_library("${module}" ${debian} ${fedora} ${homebrew})
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_pc_INCLUDE_DIRS})
  target_compile_options(${target} INTERFACE ${${target}_pc_CFLAGS_OTHER})
  target_link_libraries(${target} INTERFACE ${${target}_ARCHIVE} Threads::Threads ${CMAKE_DL_LIBS} m)
endfunction()

# use_header(TARGET HEADER DEBIAN FEDORA HOMEBREW): a header-only library without a usable package file.
function(use_header target header debian fedora homebrew)
  find_path(${target}_INCLUDE ${header})
  if(NOT ${target}_INCLUDE)
    missing_library("${header}" ${debian} ${fedora} ${homebrew})
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
endfunction()

find_package(Threads REQUIRED)
use_archive(libuv libuv libuv_a.a libuv1-dev libuv-devel libuv)
use_archive(sqlite sqlite3 libsqlite3.a libsqlite3-dev sqlite-devel sqlite)
use_archive(hiredis hiredis libhiredis.a libhiredis-dev hiredis-devel hiredis)
use_pkgconfig(openssl openssl libssl-dev openssl-devel openssl@3)
use_pkgconfig(httplib cpp-httplib libcpp-httplib-dev cpp-httplib-devel cpp-httplib)
use_pkgconfig(json nlohmann_json nlohmann-json3-dev json-devel nlohmann-json)
use_pkgconfig(cli11 CLI11 libcli11-dev cli11-devel cli11)
# As headers: the log of a server is one file's matter, and a command that is called from a shell's loop should not load
# two libraries for it.
use_header(spdlog spdlog/spdlog.h libspdlog-dev spdlog-devel spdlog)
target_compile_definitions(spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
use_header(tl_expected tl/expected.hpp libexpected-dev expected-devel tl-expected)
if(PISTACHIO_TESTS)
  use_pkgconfig(catch2 catch2 catch2 catch2-devel catch2)
endif()
