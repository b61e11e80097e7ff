#pragma once

#include <cstddef>
#include <string>

#include "core/error.h"

namespace pistachio {

/// Reads the log of the database at `database`, before SQLite does: that takes the first frame with
/// a wrong sum for the place where a writer was cut off, and forgets without a word all that was
/// committed behind it. A log that ends anywhere in its last transaction is well; so is none.
///
/// Errc::unavailable when a transaction before the last one is damaged; then nothing was touched.
/// Else what is in the log is on the disk when this returns. `page_size` is the database's.
Expected<void> examine_log(const std::string& database, std::size_t page_size);

/// Errc::unavailable when there is a log of a database that is not there: SQLite would put what is
/// in it into one that is made in its place.
Expected<void> expect_no_log(const std::string& database);

}  // namespace pistachio
