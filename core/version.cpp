#include "core/version.h"

namespace pistachio {

std::string_view version() { return PISTACHIO_VERSION; }

}  // namespace pistachio
