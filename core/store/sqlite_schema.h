#pragma once

#include <string>

#include "core/error.h"
#include "core/store/sqlite_database.h"

namespace pistachio {

/// What a database must say in its header to be one of ours: "PIST".
inline constexpr std::uint32_t kApplicationId = 0x50495354;

/// The version of the tables that this program writes.
std::int64_t schema_version();

/// Looks at the first bytes of the database at `path`, at its size and at its log, and touches
/// nothing. The error says what is wrong: no database of ours, of a newer version, cut short, or a
/// damaged log.
Expected<void> examine_database(const std::string& path);

/// Brings the tables of `database` from whatever version they have, 0 for none, to ours, in one
/// transaction. `path` is for the error's words.
Expected<void> migrate(SqliteDatabase& database, const std::string& path);

}  // namespace pistachio
